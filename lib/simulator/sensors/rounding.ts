/** As many decimals as the firmware writes. */
export function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  // Never -0, which JSON has and a board does not say.
  return Math.round(value * scale) / scale + 0;
}
