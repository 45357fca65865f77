import Feature from "ol/Feature";
import LineString from "ol/geom/LineString";
import Point from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import { describe, expect, it } from "vitest";
import { clipRing, oneEach } from "../src/labels";

const VIEW = [0, 0, 100, 100];
const box = (west: number, south: number, east: number, north: number): number[][] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
const areaOf = (ring: readonly (readonly number[])[]): number => (ring.length === 0 ? 0 : new Polygon([ring as number[][]]).getArea());
const piece = (fid: string, ring: number[][]): Feature => new Feature({ fid, geometry: new Polygon([ring]) });

describe("labels", () => {
  it("a district in four tiles has one label, in its largest visible piece", () => {
    const pieces = [piece("y1", box(0, 0, 30, 30)), piece("y1", box(30, 0, 90, 60)), piece("y1", box(95, 0, 900, 60))];
    const labels = oneEach(pieces, VIEW, 0.1);
    expect(labels.map((label) => [label.get("fid"), label.getGeometry()!.getExtent()])).toEqual([["y1", [30, 0, 90, 60]]]);
  });

  it("the label of a district that reaches beyond the view stands in what is seen of it", () => {
    const [label] = oneEach([piece("y1", box(-1000, -1000, 50, 1000))], VIEW, 0.1);
    expect(label!.getGeometry()!.getExtent()).toEqual([0, 0, 50, 100]);
  });

  it("what is out of view, or narrower than a label, has none", () => {
    expect(oneEach([piece("out", box(200, 200, 300, 300)), piece("narrow", box(0, 0, 1, 90))], VIEW, 0.1)).toEqual([]);
  });

  it("a road is labelled where most of it is seen", () => {
    const line = (...coordinates: number[][]): Feature => new Feature({ fid: "0101", geometry: new LineString(coordinates) });
    const [label] = oneEach([line([99, 50], [500, 50]), line([10, 50], [99, 50])], VIEW, 0.1);
    expect(label!.getGeometry()!.getExtent()).toEqual([10, 50, 99, 50]);
  });

  it("a point on the edge of two tiles has one label", () => {
    const point = (): Feature => new Feature({ fid: "1", geometry: new Point([50, 50]) });
    expect(oneEach([point(), point()], VIEW, 0.1)).toHaveLength(1);
  });

  it("parts of a ring left and right of a box add up with the box to the whole", () => {
    const ring = [...Array(12).keys()].map((n) => [50 + 80 * Math.cos(n / 2), 50 + 70 * Math.sin(n / 2)]);
    ring.sort((a, b) => Math.atan2(a[1]! - 50, a[0]! - 50) - Math.atan2(b[1]! - 50, b[0]! - 50));
    ring.push(ring[0]!);
    const strips = [-1000, 30, 75, 1000].slice(1).map((east, n) => clipRing(ring, [[-1000, 30, 75][n]!, -1000, east, 1000]));
    const sum = strips.reduce((total, strip) => total + areaOf(strip), 0);
    expect(sum).toBeCloseTo(areaOf(ring), 6);
    expect(areaOf(strips[0]!)).toBeGreaterThan(0);
  });
});
