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
    el('td', {}, insteads.length > 0 ? insteads.map((text) => el('div', {}, text)) : reasons.slice(0, 3).map((text) => el('div', { class: 'muted' }, text))),
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

// Follows the filters for objects and distros; `all` shows what is cut else.
function showBroken(all) {
  const objects = new Set(shown.objects.map((object) => object.index));
  const words = wordsOf(filters.objects);
  const entries = report.broken.filter((entry) => {
    const object = model.objects[entry.object];
    return (objects.has(entry.object) || words.length === 0) &&
      words.every((word) => object.text.includes(word)) &&
      (filters.distro === '' || entry.missing.some((span) => span.distro === filters.distro)) &&
      (filters.arch === '' || entry.missing.some((span) => span.arch === filters.arch));
  });
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
      ? el('p', {}, el('button', { type: 'button', onclick: () => showBroken(true) }, 'Show all ' + accesses.length.toLocaleString('en')))
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
