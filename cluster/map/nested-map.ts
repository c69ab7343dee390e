/** Maps in a map, as values under pairs of keys; an inner map that is empty is not there. */
export type NestedMap<Outer, Inner, V> = ReadonlyMap<Outer, ReadonlyMap<Inner, V>>;

/** Both without the inner maps that they share: what differs between two large ones is most often in few of them. */
export function unsharedNestedMaps<Outer, Inner, V>(
  left: NestedMap<Outer, Inner, V>,
  right: NestedMap<Outer, Inner, V>,
): readonly [NestedMap<Outer, Inner, V>, NestedMap<Outer, Inner, V>] {
  const without = (one: typeof left, other: typeof left): typeof left =>
    new Map([...one].filter(([outer, values]) => other.get(outer) !== values));
  return [without(left, right), without(right, left)];
}

/** Another one, in which these pairs have these values; undefined takes a value away. Untouched inner maps are shared. */
export function changedNestedMap<Outer, Inner, V>(
  map: NestedMap<Outer, Inner, V>,
  changes: Iterable<readonly [Outer, Inner, V | undefined]>,
): NestedMap<Outer, Inner, V> {
  const changed = new Map<Outer, Map<Inner, V>>();
  for (const [outer, inner, value] of changes) {
    const values = changed.get(outer) ?? new Map(map.get(outer));
    changed.set(outer, values);
    if (value === undefined) values.delete(inner);
    else values.set(inner, value);
  }
  const result = new Map([...map, ...changed]);
  for (const [outer, values] of changed) if (values.size === 0) result.delete(outer);
  return result;
}
