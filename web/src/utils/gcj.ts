/** The ellipsoid of GCJ-02 (Krassowsky 1940). */
const AXIS = 6_378_245
const FLATNESS = 0.006_693_421_622_965_943

function inRange(lat: number, lng: number): boolean {
  return lat >= 0.8293 && lat <= 55.8271 && lng >= 72.004 && lng <= 137.8347
}

/** The waves both shifts share: of a hundred-fold and a six-fold turn along the longitude. */
function waves(x: number): number {
  return ((20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * 2) / 3
}

function northShift(x: number, y: number): number {
  const flat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x))
  const rows = ((20 * Math.sin(y * Math.PI) + 40 * Math.sin((y / 3) * Math.PI)) * 2) / 3
  return flat + waves(x) + rows + ((160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * 2) / 3
}

function eastShift(x: number, y: number): number {
  const flat = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x))
  const rows = ((20 * Math.sin(x * Math.PI) + 40 * Math.sin((x / 3) * Math.PI)) * 2) / 3
  return flat + waves(x) + rows + ((150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * 2) / 3
}

/**
 * A phone's position (WGS-84) as the maps of the mainland show it (GCJ-02), in degrees: 300 to 700 m beside it.
 * Far outside of China both are the same.
 */
export function gcjOf(lat: number, lng: number): { lat: number; lng: number } {
  if (!inRange(lat, lng)) return { lat, lng }
  const [x, y, turn] = [lng - 105, lat - 35, (lat / 180) * Math.PI]
  const magic = 1 - FLATNESS * Math.sin(turn) ** 2
  const north = (northShift(x, y) * 180) / (((AXIS * (1 - FLATNESS)) / (magic * Math.sqrt(magic))) * Math.PI)
  const east = (eastShift(x, y) * 180) / ((AXIS / Math.sqrt(magic)) * Math.cos(turn) * Math.PI)
  return { lat: lat + north, lng: lng + east }
}
