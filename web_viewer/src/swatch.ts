/** One row of the legend as an element: the drawing as on the map, and its mark in words. */

import { h } from "./dom";
import { DASHES, inkOn, markOf, outlineOf } from "./legend";
import type { Collection, LegendClass } from "./model";
import { fillOf } from "./pattern";

const WIDTH_PX = 84;
const HEIGHT_PX = 32;

export function swatch(collection: Collection, own: LegendClass): HTMLElement {
  const canvas = h("canvas", { width: WIDTH_PX, height: HEIGHT_PX, "aria-hidden": true });
  const context = canvas.getContext("2d");
  if (context !== null) paint(context, collection, own);
  const area = collection.geometry === "polygon" && collection.role !== "boundary";
  const mark = area ? h("span", { class: `swatch-mark ${inkOn(own.colour) === "#000000" ? "dark" : "light"}` }, markOf(own)) : null;
  return h("span", { class: "swatch", "aria-hidden": true }, canvas, mark);
}

function paint(context: CanvasRenderingContext2D, collection: Collection, own: LegendClass): void {
  const middle = HEIGHT_PX / 2;
  if (collection.geometry === "point") {
    context.fillStyle = own.colour;
    context.beginPath();
    context.arc(WIDTH_PX / 2, middle, 6, 0, 2 * Math.PI);
    context.fill();
  } else if (collection.geometry === "line" || collection.role === "boundary") {
    const width = collection.role === "planned_road" ? 5 : 3;
    const dash = collection.role === "boundary" ? [14 / width, 5 / width, 3 / width, 5 / width] : DASHES[own.pattern];
    context.strokeStyle = outlineOf(own.colour);
    context.lineWidth = width;
    if (dash !== null) context.setLineDash(dash.map((length) => length * width));
    context.beginPath();
    context.moveTo(2, middle);
    context.lineTo(WIDTH_PX - 2, middle);
    context.stroke();
  } else {
    context.fillStyle = fillOf(own.colour, own.pattern, 1);
    context.fillRect(0.5, 0.5, WIDTH_PX - 1, HEIGHT_PX - 1);
    context.strokeStyle = outlineOf(own.colour);
    context.strokeRect(0.5, 0.5, WIDTH_PX - 1, HEIGHT_PX - 1);
  }
}
