#include "load.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
  enum header header;
  const char *name;
  char compact; /* RFC 3261 §7.3.3 */
} known[] = {
    {VIA, "via", 'v'},       {RECORD_ROUTE, "record-route", 0}, {FROM, "from", 'f'},
    {TO, "to", 't'},         {CALL_ID, "call-id", 'i'},         {CSEQ, "cseq", 0},
    {CONTACT, "contact", 'm'}, {PATH, "path", 0},               {EXPIRES, "expires", 0},
};

static enum header header_named(struct span name) {
  char first = (char)(name.at[0] | 0x20);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (name.length == 1) {
      if (known[i].compact == first) return known[i].header;
    } else if (known[i].name[0] == first && (int)strlen(known[i].name) == name.length &&
               !strncasecmp(known[i].name, name.at, (size_t)name.length)) {
      return known[i].header;
    }
  }
  return OTHER;
}

void headers_find(struct headers *headers, const char *message) {
  headers->count = 0;
  const char *end_of_line = strstr(message, "\r\n");
  while (end_of_line && headers->count < MAX_HEADERS) {
    const char *line = end_of_line + 2;
    if (*line == '\r' || *line == 0) return;
    end_of_line = strstr(line, "\r\n");
    if (!end_of_line) return;

    const char *colon = memchr(line, ':', (size_t)(end_of_line - line));
    if (!colon || colon == line) continue;
    struct span name = {line, (int)(colon - line)};
    while (name.length > 1 && name.at[name.length - 1] == ' ') name.length--;
    enum header header = header_named(name);
    if (header == OTHER) continue;

    const char *value = colon + 1;
    while (*value == ' ') value++;
    headers->each[headers->count].name = header;
    headers->each[headers->count].line = (struct span){line, (int)(end_of_line + 2 - line)};
    headers->each[headers->count].value = (struct span){value, (int)(end_of_line - value)};
    headers->count++;
  }
}

struct span headers_first(const struct headers *headers, enum header name) {
  for (int i = 0; i < headers->count; i++)
    if (headers->each[i].name == name) return headers->each[i].value;
  return (struct span){NULL, 0};
}

struct span tag_of(struct span from_or_to) {
  static const char mark[] = ";tag=";
  const int length = sizeof mark - 1;
  for (int i = 0; from_or_to.at && i + length <= from_or_to.length; i++) {
    if (memcmp(from_or_to.at + i, mark, (size_t)length)) continue;
    struct span tag = {from_or_to.at + i + length, 0};
    while (i + length + tag.length < from_or_to.length && !strchr("; \t", tag.at[tag.length]))
      tag.length++;
    return tag;
  }
  return (struct span){NULL, 0};
}

char *span_copy(struct span span) {
  return span.at ? must(strndup(span.at, (size_t)span.length)) : NULL;
}

void text_add(struct text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text->at + text->length, (size_t)(text->room - text->length), format,
                         arguments);
  va_end(arguments);
  if (length < 0 || length >= text->room - text->length) fail("a message does not fit its buffer");
  text->length += length;
}

void text_add_span(struct text *text, struct span span) {
  if (span.length >= text->room - text->length) fail("a message does not fit its buffer");
  memcpy(text->at + text->length, span.at, (size_t)span.length);
  text->length += span.length;
}
