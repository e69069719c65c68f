/** The values of a page in Prometheus' text format, by metric; those of all labels added up. 0 for one announced without any. */
export function valuesIn(page: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of page.split('\n')) {
    const announced = /^# TYPE (\S+)/.exec(line)?.[1];
    if (announced !== undefined) values.set(announced, values.get(announced) ?? 0);
    const match = /^([a-zA-Z_:][\w:]*)(?:\{.*\})?\s+(\S+)/.exec(line);
    const [, name, value] = match ?? [];
    if (name === undefined || value === undefined) continue;
    values.set(name, (values.get(name) ?? 0) + Number(value));
  }
  return values;
}

export async function readMetrics(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return valuesIn(await response.text());
}
