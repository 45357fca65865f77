/** Fills that carry a pattern beside their colour; the map and the legend draw them with the same function. */

import type { Pattern } from "./model";
import { withAlpha } from "./legend";

const TILE_PX = 16;
const INK = "rgba(0, 0, 0, 0.45)";

/** A fill of `colour` with `pattern` over it; plain colours stay strings, which draw faster. */
export function fillOf(colour: string, pattern: Pattern, alpha: number): string | CanvasPattern {
  const plain = withAlpha(colour, alpha);
  if (pattern === "none") return plain;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = TILE_PX;
  const context = canvas.getContext("2d");
  if (context === null) return plain;
  context.fillStyle = plain;
  context.fillRect(0, 0, TILE_PX, TILE_PX);
  context.globalAlpha = Math.min(1, alpha + 0.2);
  drawMarks(context, pattern);
  return context.createPattern(canvas, "repeat") ?? plain;
}

function drawMarks(context: CanvasRenderingContext2D, pattern: Pattern): void {
  const middle = TILE_PX / 2;
  context.strokeStyle = context.fillStyle = INK;
  context.lineWidth = 1.2;
  context.beginPath();
  if (pattern === "hatch" || pattern === "cross") {
    // Each diagonal is drawn three times so that it also fills the corners it leaves through.
    for (const shift of [-TILE_PX, 0, TILE_PX]) {
      context.moveTo(shift, TILE_PX);
      context.lineTo(shift + TILE_PX, 0);
      if (pattern === "cross") {
        context.moveTo(shift, 0);
        context.lineTo(shift + TILE_PX, TILE_PX);
      }
    }
  } else if (pattern === "dash") {
    context.moveTo(2, middle);
    context.lineTo(TILE_PX - 6, middle);
  }
  context.stroke();
  if (pattern !== "dots") return;
  for (const [col, row] of [
    [4, 4],
    [12, 12],
  ] as const) {
    context.beginPath();
    context.arc(col, row, 1.4, 0, 2 * Math.PI);
    context.fill();
  }
}
