/**
 * Where a text stands in another, in time that grows with their lengths alone: the search of the language
 * takes, for long texts that nearly match, time that grows with their product. Pure.
 */

/** Of so few characters none is slow. */
const shortChars = 64;

/** The places from the front, none in another. */
export function placesIn(text: string, wanted: string): number[] {
  if (wanted === '') return [];
  const places: number[] = [];
  if (wanted.length <= shortChars) {
    for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length))
      places.push(at);
    return places;
  }
  const units = unitsOf(wanted);
  const borders = bordersOf(units);
  let fits = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (fits > 0 && units[fits] !== unit) fits = borders[fits - 1] ?? 0;
    if (units[fits] === unit) fits += 1;
    if (fits < units.length) continue;
    places.push(at + 1 - units.length);
    fits = 0;
  }
  return places;
}

function unitsOf(text: string): Uint16Array {
  return Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

/** Of each beginning, how long the longest shorter one is that it ends with (Knuth, Morris, Pratt). */
function bordersOf(units: Uint16Array): Uint32Array {
  const borders = new Uint32Array(units.length);
  let border = 0;
  for (let at = 1; at < units.length; at += 1) {
    while (border > 0 && units[border] !== units[at]) border = borders[border - 1] ?? 0;
    if (units[border] === units[at]) border += 1;
    borders[at] = border;
  }
  return borders;
}
