/** A copy that does not keep the message it was cut from alive: V8's slices hold on to their parent, what it joins is whole. */
export const detached = (text: string): string =>
  text.length < 13 ? text : [text.slice(0, 1), text.slice(1)].join('');
