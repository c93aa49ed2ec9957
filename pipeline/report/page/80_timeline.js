// How one object's layout changes over the versions of the kernels shown, distro by distro.

const HUES = [212, 28, 150, 330, 265, 52, 185, 0, 95, 240];

// Runs of kernels that give an object the same answers.
function segmentsOf(object, kernels) {
  const segments = [];
  for (const kernel of kernels) {
    const layout = model.results[kernel.result][object.index];
    const last = segments[segments.length - 1];
    if (last && last.layout === layout) {
      last.to = kernel;
      last.kernels += 1;
    } else {
      segments.push({ layout, from: kernel, to: kernel, kernels: 1 });
    }
  }
  return segments;
}

function answerText(answers, relocation, state) {
  return state === 0 ? answers.values.split(' ')[relocation] : STATES[state].label;
}

// What differs between two of an object's answers, one line for each access path.
function changesBetween(object, before, after) {
  const a = object.answers[before];
  const b = object.answers[after];
  const lines = new Map();
  object.siteList.forEach((site, i) => {
    const from = answerText(a, site.relocation, a.states[i]);
    const to = answerText(b, site.relocation, b.states[i]);
    const relocation = object.relocations[site.relocation];
    if (from !== to) lines.set(relocation.path + ' ' + relocation.kind, { path: relocation.path, kind: relocation.kind, from, to });
  });
  return [...lines.values()];
}

function segmentView(segment, begin, total) {
  const x = (begin / total) * 1000;
  const width = (segment.kernels / total) * 1000;
  const name = 'layout ' + (segment.layout + 1) + ': ' + (segment.from === segment.to ? segment.from.kernel : segment.from.kernel + ' to ' + segment.to.kernel) +
    ' (' + count(segment.kernels, 'kernel') + ')';
  const parts = [svg('title', {}, name), svg('rect', {
    x: x.toFixed(2), y: 1, width: Math.max(width - 1.5, 1).toFixed(2), height: 24, rx: 2,
    style: '--hue: ' + HUES[segment.layout % HUES.length],
  })];
  return { view: svg('g', {}, ...parts), label: width > 22 ? { x: (begin + segment.kernels / 2) / total, text: String(segment.layout + 1) } : null };
}

function seriesView(name, segments) {
  const total = segments.reduce((sum, segment) => sum + segment.kernels, 0);
  // Segments stretch with the page; their numbers must not, and lie over them.
  const drawing = svg('svg', { viewBox: '0 0 1000 26', preserveAspectRatio: 'none', role: 'img',
    'aria-label': name + ': ' + count(segments.length, 'stretch', 'stretches') + ' of one layout' });
  const holder = el('div', { class: 'stretch' }, drawing);
  let begin = 0;
  for (const segment of segments) {
    const { view, label } = segmentView(segment, begin, total);
    drawing.append(view);
    if (label) {
      const text = el('span', { class: 'stretch-number', 'aria-hidden': 'true' }, label.text);
      text.style.left = label.x * 100 + '%';
      holder.append(text);
    }
    begin += segment.kernels;
  }
  return [el('div', { class: 'name' }, name), holder];
}

function changeRows(object, name, segments) {
  return segments.slice(1).map((segment, i) => {
    const changes = changesBetween(object, segments[i].layout, segment.layout).map((change) => [el('span', { class: 'code' }, change.path),
      el('span', { class: 'muted' }, ' ' + change.kind + ' '), change.from + ' \u2192 ' + change.to]);
    return el('tr', {}, el('td', {}, name),
      el('td', { class: 'code' }, segments[i].to.kernel, ' \u2192 ', segment.from.kernel),
      el('td', { class: 'number' }, segments[i].layout + 1 + ' \u2192 ' + (segment.layout + 1)),
      el('td', {}, cutList(changes, 6, (rest) => 'and ' + rest + ' more')));
  });
}

let timelineObject = 0;

function drawTimeline() {
  const object = model.objects[timelineObject];
  if (!object) {
    replace(byId('timeline'), el('p', { class: 'muted' }, 'There are no objects.'));
    return;
  }
  const kernels = shown.kernels.filter((kernel) => answersOf(object, kernel) !== undefined);
  if (kernels.length === 0) {
    replace(byId('timeline'), el('p', { class: 'muted' }, 'No kernel that passes the filters has answers for this object.'));
    return;
  }
  const all = [...seriesOf(kernels)].map(([name, list]) => ({ name, segments: segmentsOf(object, list) }));
  const rows = all.flatMap(({ name, segments }) => changeRows(object, name, segments));
  replace(byId('timeline'),
    el('div', { class: 'series' }, all.flatMap(({ name, segments }) => seriesView(name, segments))),
    rows.length === 0
      ? el('p', { class: 'muted' }, 'Within each distro, no kernel differs from another.')
      : el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Changes of layout' }, el('table', {},
        el('thead', {}, el('tr', {}, ['Series', 'Between', 'Layout', 'What changes'].map((head, i) => el('th', { scope: 'col', class: i === 2 ? 'number' : null }, head)))),
        el('tbody', {}, rows))));
}

function showTimeline(object) {
  timelineObject = object.index;
  byId('timeline-object').value = String(object.index);
  closeDetails();
  drawTimeline();
  byId('timeline-title').scrollIntoView({ block: 'start' });
  byId('timeline-object').focus({ preventScroll: true });
}

function startTimeline() {
  const select = byId('timeline-object');
  replace(select, model.objects.map((object) => el('option', { value: object.index }, object.name)));
  // The one whose layout changes most says most.
  timelineObject = model.objects.reduce((best, object) => (object.answers.length > model.objects[best].answers.length ? object.index : best), 0);
  select.value = String(timelineObject);
  select.addEventListener('change', () => {
    timelineObject = Number(select.value);
    drawTimeline();
  });
  drawTimeline();
}
