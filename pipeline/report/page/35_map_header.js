// The map's header: names over the columns, in bands for distro, release and arch. Where a column is as
// wide as a line is high there is a band for the kernel's own release too, and a name that its columns
// are too narrow for stands upright. Thousands of kernels have no such room: names are cut there, but on
// paper, where nothing else tells them, those stand upright that can.

const UPRIGHT = 13;  // pixels across that an upright line takes
const LONGEST_NAME = 240;  // pixels; what is longer is cut
const LONGEST_UPRIGHT = 200;  // but a kernel's release, for which it depends on the room
const SHORTEST_NAME = 100;  // that a kernel's release is cut to; where there is less room it has no band
const ruler = document.createElement('canvas').getContext('2d');

const BANDS = [
  { name: 'distro', height: 20, size: 12, weight: 650, colour: 'ink', nameOf: (kernel) => kernel.distro || 'no distro', fields: ['distro'] },
  { name: 'release', height: 19, size: 11, weight: 400, colour: 'muted', nameOf: (kernel) => kernel.release, fields: ['distro', 'release'] },
  { name: 'arch', height: 18, size: 11, weight: 400, colour: 'muted', nameOf: (kernel) => kernel.arch, fields: ['distro', 'release', 'arch'] },
  { name: 'kernel', height: 18, size: 11, weight: 400, colour: 'muted', nameOf: (kernel) => kernel.kernel, fields: ['index'] },
];

function widthOfText(text, size, weight) {
  ruler.font = fontOfMap(size, weight);
  return ruler.measureText(text).width;
}

function widthOfName(band, name) {
  return widthOfText(name, band.size, band.weight) + 8;
}

// The widest that a column may become, with `room` for all of them: few take what their names ask for.
function widestCell(room) {
  if (room / Math.max(shown.kernels.length, 1) < UPRIGHT) return WIDEST_CELL;
  const widths = shown.kernels.flatMap((kernel) => BANDS.map((band) => widthOfName(band, band.nameOf(kernel))));
  return Math.max(WIDEST_CELL, Math.min(Math.max(...widths, 0), LONGEST_NAME, room));
}

function spansOf(band) {
  const spans = [];
  shown.kernels.forEach((kernel, column) => {
    const last = spans[spans.length - 1];
    if (last && band.fields.every((field) => last.kernel[field] === kernel[field])) last.end = column + 1;
    else spans.push({ kernel, name: band.nameOf(kernel), begin: column, end: column + 1, odd: spans.length % 2 === 0 });
  });
  return spans;
}

// Sets the bands and the header's height for the present width of columns. The kernels' releases do not
// make it higher than `most`.
function layOutHeader(most) {
  map.bands = [];
  map.header = 1;
  for (const band of map.cell < UPRIGHT ? BANDS.slice(0, 3) : BANDS) {
    const spans = spansOf(band);
    const longest = band.name === 'kernel' ? most - map.header : LONGEST_UPRIGHT;
    let height = band.height;
    let isTight = false;
    for (const span of map.cell < UPRIGHT && !map.isPrinting ? [] : spans) {
      const width = widthOfName(band, span.name);
      const room = (span.end - span.begin) * map.cell;
      if (room < UPRIGHT) continue;
      span.isUpright = width > room && room < longest;
      isTight = isTight || (width > room && Math.max(room, longest) < SHORTEST_NAME);
      if (span.isUpright) height = Math.max(height, Math.min(Math.ceil(width), longest));
    }
    if (isTight) return;
    map.bands.push({ ...band, spans, flat: band.height, height, top: map.header - 1 });
    map.header += height;
  }
}

// Sticky to the left edge as long as there is room.
function drawBand(context, view, band) {
  const bottom = band.top + band.height;
  context.font = fontOfMap(band.size, band.weight);
  for (const span of band.spans) {
    const left = map.labels + span.begin * map.cell - view.left;
    const right = map.labels + span.end * map.cell - view.left;
    if (right < map.labels || left > view.width) continue;
    const from = Math.max(left, map.labels);
    const until = Math.min(right, view.width);
    context.fillStyle = span.odd ? map.colours.soft : map.colours.card;
    context.fillRect(from, band.top, until - from, band.height - 1);
    context.fillStyle = map.colours.line;
    context.fillRect(right - 1, band.top, 1, band.height - 1);
    context.fillStyle = map.colours[band.colour];
    if (span.isUpright && until - from >= UPRIGHT - 2) {
      context.save();
      context.translate((from + until - 1) / 2, bottom - 5);
      context.rotate(-Math.PI / 2);
      context.fillText(cutText(context, span.name, band.height - 8), 0, 0);
      context.restore();
    } else if (!span.isUpright && until - from > 16) {
      const text = cutText(context, span.name, until - from - 6);
      // Of an arch a part says nothing.
      if (text === span.name || (band.name !== 'arch' && text.length > 2)) context.fillText(text, from + 4, bottom - band.flat / 2);
    }
  }
}

function drawHeader(context, view) {
  context.fillStyle = map.colours.card;
  context.fillRect(0, 0, view.width, map.header - 1);
  for (const band of map.bands) drawBand(context, view, band);
  context.fillStyle = map.colours.card;
  context.fillRect(0, 0, map.labels - 1, map.header);
  context.font = fontOfMap(11);
  context.fillStyle = map.colours.muted;
  context.textAlign = 'right';
  for (const band of map.bands) context.fillText(band.name, map.labels - 10, band.top + band.height - band.flat / 2);
  context.textAlign = 'left';
  context.fillStyle = map.colours.line;
  context.fillRect(0, map.header - 1, view.width, 1);
  context.fillRect(map.labels - 1, 0, 1, view.height);
}
