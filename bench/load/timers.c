#include "load.h"

#include <stdlib.h>

#define SLOTS 8192
#define TICK_NS (5 * NS_PER_MS)

struct timer {
  uint64_t due;
  uint32_t id;
  uint8_t kind;
};

struct slot {
  struct timer *timers;
  uint32_t count, room;
};

struct wheel {
  uint64_t position; /* the last tick that was fired */
  struct slot slots[SLOTS];
};

struct wheel *wheel_new(uint64_t now) {
  struct wheel *wheel = must(calloc(1, sizeof *wheel));
  wheel->position = now / TICK_NS;
  return wheel;
}

void wheel_add(struct wheel *wheel, uint64_t due, uint32_t id, uint8_t kind) {
  uint64_t tick = due / TICK_NS + 1;
  if (tick <= wheel->position) tick = wheel->position + 1;
  /* Further away than one turn: it waits in the last slot and is put back from there. */
  if (tick - wheel->position >= SLOTS) tick = wheel->position + SLOTS - 1;

  struct slot *slot = &wheel->slots[tick % SLOTS];
  if (slot->count == slot->room) {
    slot->room = slot->room ? slot->room * 2 : 16;
    slot->timers = must(realloc(slot->timers, slot->room * sizeof *slot->timers));
  }
  slot->timers[slot->count++] = (struct timer){due, id, kind};
}

void wheel_advance(struct wheel *wheel, uint64_t now, timer_fired fired, void *context) {
  while (wheel->position < now / TICK_NS) {
    wheel->position++;
    struct slot *slot = &wheel->slots[wheel->position % SLOTS];
    struct slot firing = *slot;
    /* What fires may add timers, to this slot too one turn later: it gets an empty one. */
    *slot = (struct slot){0};
    for (uint32_t i = 0; i < firing.count; i++) {
      struct timer *timer = &firing.timers[i];
      if (timer->due > now)
        wheel_add(wheel, timer->due, timer->id, timer->kind);
      else
        fired(context, timer->id, timer->kind, now);
    }
    if (slot->room) {
      free(firing.timers);
    } else {
      *slot = (struct slot){firing.timers, 0, firing.room};
    }
  }
}
