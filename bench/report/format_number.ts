/** Such as `1,234.5`. */
export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: "negative", // Without it, there would be a "-0.0".
  });
}
