/** Whether devices take data. */
import { hash2 } from "./hash";
import { at, deviceCount, deviceWeight } from "./map";

/** The weight of a device that takes all of its data. */
const WHOLE: u32 = 0x10000;

// @ts-ignore: decorator
@inline
export function accepts(device: i32, x: i32): bool {
  if (device >= deviceCount) return false;
  const weight = <u32>at(deviceWeight, device);
  return weight >= WHOLE || (weight != 0 && takesPart(device, x, weight));
}

function takesPart(device: i32, x: i32, weight: u32): bool {
  return (hash2(x, device) & 0xffff) < weight;
}
