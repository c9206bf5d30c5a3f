/** Whether a cost grows in a straight line: least squares over points. */

export interface Fit {
  /** At none. */
  base: number;
  /** For each one more. */
  slope: number;
  /** Share of the spread that the line explains; 1 is a straight line. */
  r2: number;
}

export function fitLine(points: readonly { x: number; y: number }[]): Fit {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map((point) => point.x));
  const y = mean(points.map((point) => point.y));
  const sum = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((total, point) => total + of(point), 0);
  const slope = sum((point) => (point.x - x) * (point.y - y)) / sum((point) => (point.x - x) ** 2);
  const base = y - slope * x;
  const left = sum((point) => (point.y - base - slope * point.x) ** 2);
  const spread = sum((point) => (point.y - y) ** 2);
  return { base, slope, r2: spread === 0 ? 1 : 1 - left / spread };
}
