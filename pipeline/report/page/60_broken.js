// The list of broken and ambiguous relocations, and of programs that need the kernel's own BTF.

const MOST_ROWS = 100;

// Those that ask for the same in the same programs and break in the same way: to read one bitfield
// takes six relocations. The first one stands for all, whose kinds it gets.
function groupByAccess(entries) {
  const accesses = new Map();
  for (const entry of entries) {
    const relocation = model.objects[entry.object].relocations[entry.relocation];
    const key = JSON.stringify([entry.object, relocation.path, entry.state, entry.programs, entry.missing]);
    if (!accesses.has(key)) accesses.set(key, { ...entry, kinds: new Set(), paths: new Set() });
    accesses.get(key).kinds.add(relocation.kind);
    // Only an offset is added to a pointer, so only it can have a joined path.
    if (relocation.kind === 'byte_off') accesses.get(key).paths.add(relocation.joined_path || relocation.path);
  }
  return [...accesses.values()];
}

function brokenRow(entry, withObject) {
  const object = model.objects[entry.object];
  const relocation = object.relocations[entry.relocation];
  const programs = entry.programs.map((number) => (number === null ? 'no program' : object.programs[number].name));
  const insteads = [...new Set(entry.missing.map((span) => span.instead).filter(Boolean))];
  const reasons = [...new Set(entry.missing.map((span) => span.reason).filter(Boolean))];
  const cells = [
    el('td', {}, badge(entry.state === 'ambiguous' ? AMBIGUOUS : BROKEN)),
    withObject ? el('td', {}, el('button', { type: 'button', class: 'link', onclick: () => openObject(object) }, object.name)) : null,
    el('td', {}, el('div', { class: 'code' }, programs.join(', ')), el('div', { class: 'muted code' }, placeOf(relocation))),
    el('td', {}, el('div', { class: 'code' }, entry.paths.size === 1 ? [...entry.paths][0] : relocation.path), el('div', { class: 'muted small' }, [...entry.kinds].join(', '))),
    el('td', {}, missingList(entry.missing, 3)),
    el('td', {}, insteads.length > 0 ? insteads.map((text) => el('div', {}, text)) : cutList(reasons.map((text) => el('span', { class: 'muted' }, text)), 3, (rest) => 'and ' + rest + ' more')),
    el('td', { class: 'number' }, entry.kernels.toLocaleString('en')),
  ];
  return el('tr', {}, cells.filter(Boolean));
}

function brokenTable(accesses, withObject) {
  const heads = ['State', withObject ? 'Object' : null, 'Program, place', 'Asks for', 'Missing on', 'The kernel has instead'];
  return el('table', { class: withObject ? 'broken-table' : '' },
    el('thead', {}, el('tr', {}, heads.filter(Boolean).map((head) => el('th', { scope: 'col' }, head)), el('th', { scope: 'col', class: 'number' }, 'Kernels'))),
    el('tbody', {}, accesses.map((access) => brokenRow(access, withObject))));
}

// An entry of the report as it is on some of the kernels, and as far as it is in a wanted state
// there, in all the programs that it is in anywhere. On all kernels and in any state this is the
// entry itself.
function narrowed(entry, series, wanted) {
  const object = model.objects[entry.object];
  const missing = [];
  let kernels = 0;
  let state = BROKEN;
  for (const list of series) {
    let span = null;  // that goes on
    for (const kernel of list) {
      const answers = answersOf(object, kernel);
      const trouble = answers && answers.troubleOf.get(entry.relocation);
      if (!trouble || !(wanted & (1 << trouble.state))) {
        span = null;
        continue;
      }
      const instead = trouble.instead && trouble.instead.text;
      if (!span || span.reason !== trouble.reason || span.instead !== instead) {
        span = { distro: kernel.distro, arch: kernel.arch, from: kernel.kernel, kernels: 0, reason: trouble.reason, instead };
        missing.push(span);
      }
      span.to = kernel.kernel;
      span.kernels += 1;
      span.all = span.kernels === wholeSeries.get(kernel.series).length;
      kernels += 1;
      state = Math.max(state, trouble.state);
    }
  }
  return { ...entry, missing, kernels, state: STATES[state].name };
}

// Follows the filters, as the map does; `all` shows what is cut else.
function showBroken(all) {
  const series = [...seriesOf(shown.kernels).values()];
  const wanted = wantedStates();
  const entries = report.broken.filter((entry) => shown.objects.includes(model.objects[entry.object]))
    .map((entry) => narrowed(entry, series, wanted)).filter((entry) => entry.kernels > 0);
  entries.sort((a, b) => b.kernels - a.kernels || a.object - b.object || a.relocation - b.relocation);
  byId('broken-count').textContent = entries.length === report.broken.length
    ? count(entries.length, 'relocation')
    : entries.length.toLocaleString('en') + ' of ' + count(report.broken.length, 'relocation');
  if (entries.length === 0) {
    replace(byId('broken'), el('p', { class: 'muted' }, report.broken.length === 0
      ? 'None: on every kernel, every relocation that a program comes to has an answer.'
      : 'None passes the filters.'));
    return;
  }
  const accesses = groupByAccess(entries);
  const cut = all ? accesses : accesses.slice(0, MOST_ROWS);
  replace(byId('broken'), el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Broken relocations' }, brokenTable(cut, true)),
    cut.length < accesses.length
      ? el('p', {}, el('button', { id: 'broken-all', type: 'button', onclick: () => showBroken(true) }, 'Show all ' + accesses.length.toLocaleString('en')))
      : null);
}

function showKernelBtf() {
  const rows = model.objects.flatMap((object) => object.kernelBtf.map((program) => ({ object, program })));
  byId('kernel-btf-section').hidden = rows.length === 0;
  replace(byId('kernel-btf'), el('table', {},
    el('thead', {}, el('tr', {}, ['Object', 'Program', 'Why'].map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, rows.map(({ object, program }) => el('tr', {},
      el('td', {}, el('button', { type: 'button', class: 'link', onclick: () => openObject(object) }, object.name)),
      el('td', { class: 'code' }, program.name, el('div', { class: 'muted' }, program.section)),
      el('td', {}, program.kernel_btf))))));
}
