// The panel that says why: of an object on a kernel, of an object, of a kernel.

let returnFocus = null;

function openDetails(title, subtitle, ...content) {
  const panel = byId('details');
  if (panel.hidden) returnFocus = document.activeElement;
  byId('details-title').textContent = title;
  replace(byId('details-kernel'), subtitle);
  replace(byId('details-body'), content);
  panel.hidden = false;
  byId('details-body').scrollTop = 0;
  byId('details-title').focus();
  drawMapSoon();
}

function closeDetails() {
  const panel = byId('details');
  if (panel.hidden) return;
  panel.hidden = true;
  if (returnFocus && returnFocus.isConnected) returnFocus.focus();
  drawMapSoon();
}

function placeOf(relocation) {
  if (relocation.file) return relocation.file + (relocation.line ? ':' + relocation.line : '');
  return relocation.section + '+0x' + relocation.instruction.toString(16);
}

// Where a relocation is missing, from which kernel to which.
function missingList(missing, most) {
  const item = (span) => [
    [span.distro, span.arch].filter(Boolean).join(' ') + ' ',
    el('span', { class: 'code' }, span.all ? 'all kernels' : span.from === span.to ? span.from : span.from + ' \u2026 ' + span.to),
    el('span', { class: 'muted' }, ' (' + span.kernels.toLocaleString('en') + ')')];
  return cutList(missing.map(item), most, (rest) => count(rest, 'more span'));
}

function brokenEntry(object, relocation) {
  return report.broken.find((entry) => entry.object === object.index && entry.relocation === relocation);
}

function siteView(object, answers, site, state) {
  const relocation = object.relocations[site.relocation];
  const trouble = answers.troubleOf.get(site.relocation);
  const parts = [el('div', { class: 'line' },
    el('span', {}, el('span', { class: 'code' }, relocation.joined_path || relocation.path), el('span', { class: 'muted small' }, ' ' + relocation.kind)), badge(state))];
  const where = [placeOf(relocation)];
  if (state === 0) where.push('a loader patches in ' + answers.values.split(' ')[site.relocation]);
  parts.push(el('div', { class: 'muted small code' }, where.join('  \u00b7  ')));
  if (relocation.source && state !== 0) parts.push(el('pre', { class: 'source code' }, relocation.source));
  if (trouble && state >= BROKEN) {
    parts.push(el('p', { class: 'why' }, trouble.reason));
    if (trouble.instead) parts.push(el('p', { class: 'why' }, el('b', {}, 'Instead: '), trouble.instead.text));
    const entry = brokenEntry(object, site.relocation);
    if (entry) {
      parts.push(el('p', { class: 'why small muted' }, 'In this state on ' + count(entry.kernels, 'kernel') + ':'),
        el('div', { class: 'small' }, missingList(entry.missing, 4)));
    }
  } else if (state > 0 && state < BROKEN) {
    parts.push(el('p', { class: 'why small muted' }, STATES[state].help));
  }
  return el('div', { class: 'site' }, parts);
}

function programView(object, answers, number) {
  const program = object.programs[number];
  const sites = object.siteList.map((site, i) => ({ site, state: answers.states[i] })).filter((entry) => entry.site.program === number);
  sites.sort((a, b) => b.state - a.state || a.site.relocation - b.site.relocation);
  const worst = sites.length > 0 ? sites[0].state : 0;
  const head = program
    ? [el('div', {}, el('b', { class: 'code' }, program.name), el('div', { class: 'muted small code' }, program.section + '  \u00b7  ' + program.type))]
    : [el('div', {}, el('b', {}, 'In no program'))];
  head.push(badge(worst));
  const content = [el('header', {}, head)];
  if (program && program.kernel_btf) content.push(el('p', { class: 'small' }, 'Needs BTF in the kernel itself: ' + program.kernel_btf + '.'));
  const bad = sites.filter((entry) => entry.state > 0);
  const good = sites.filter((entry) => entry.state === 0);
  content.push(bad.map((entry) => siteView(object, answers, entry.site, entry.state)));
  if (good.length > 0) {
    content.push(el('details', bad.length === 0 && good.length <= 6 ? { open: '' } : {}, el('summary', { class: 'small' }, count(good.length, 'relocation') + ' resolved'),
      good.map((entry) => siteView(object, answers, entry.site, entry.state))));
  }
  return { worst, view: el('section', { class: 'program' }, content) };
}

function openCell(object, kernel) {
  const answers = answersOf(object, kernel);
  const title = kernel.name + ' ' + kernel.kernel + ' ';
  if (stateOf(object, kernel) === OTHER) {
    openDetails(object.name, [title, badge(OTHER)],
      el('p', {}, 'This object is for ' + object.architecture + ' and never loaded into this kernel, so it is not judged on it.'),
      el('p', { class: 'small' }, el('button', { type: 'button', class: 'link', onclick: () => openObject(object) }, 'This object on all kernels')));
    return;
  }
  if (answers === undefined) {
    openDetails(object.name, [title, badge(FAILED)], el('p', {}, 'This kernel has no answers:'),
      el('ul', {}, (kernel.reasons || []).map((reason) => el('li', {}, reason))));
    return;
  }
  const numbers = object.programs.map((_, number) => number);
  if (object.siteList.some((site) => site.program < 0)) numbers.push(-1);
  const programs = numbers.map((number) => programView(object, answers, number));
  programs.sort((a, b) => b.worst - a.worst);
  const alike = model.kernels.filter((other) => answersOf(object, other) === answers).length;
  openDetails(object.name, [title, badge(answers.worst)],
    el('p', { class: 'muted small' }, 'Just these answers on ' + alike.toLocaleString('en') + ' of ' + count(model.kernels.length, 'kernel') + '.'),
    el('p', { class: 'small' },
      el('button', { type: 'button', class: 'link', onclick: () => openObject(object) }, 'This object on all kernels'), '  \u00b7  ',
      el('button', { type: 'button', class: 'link', onclick: () => openKernel(kernel) }, 'All objects on this kernel')),
    programs.map((entry) => entry.view));
}

function openObject(object) {
  const counts = new Array(STATES.length).fill(0);
  for (const kernel of model.kernels) counts[stateOf(object, kernel)] += 1;
  const rows = STATES.map((state, number) => ({ number, kernels: counts[number] })).filter((row) => row.kernels > 0).sort((a, b) => bySeverity(a.number, b.number));
  const broken = report.broken.filter((entry) => entry.object === object.index);
  openDetails(object.name, [count(object.programs.length, 'program') + ', ' + count(object.relocations.length, 'relocation') +
    (object.architecture ? ', for ' + object.architecture + ' alone' : '')],
    object.found_in ? el('p', { class: 'small muted' }, 'Found in ' + object.found_in) : null,
    (object.warnings || []).map((warning) => el('p', { class: 'small' }, 'Warning: ' + warning)),
    el('p', { class: 'small' }, el('button', { type: 'button', class: 'link', onclick: () => showTimeline(object) }, 'How its layout changes')),
    el('h3', {}, 'Kernels'),
    el('table', {}, el('tbody', {}, rows.map((row) => el('tr', {}, el('td', {}, badge(row.number)), el('td', { class: 'number' }, row.kernels.toLocaleString('en')))))),
    broken.length > 0 ? [el('h3', {}, 'Broken relocations'), brokenTable(groupByAccess(broken), false)] : null,
    object.kernelBtf.length > 0 ? [el('h3', {}, 'Needs BTF in the kernel itself'),
      el('ul', {}, object.kernelBtf.map((program) => el('li', {}, el('span', { class: 'code' }, program.name), ': ' + program.kernel_btf)))] : null);
}

function openKernel(kernel) {
  const rows = model.objects.map((object) => ({ object, state: stateOf(object, kernel) })).sort((a, b) => bySeverity(a.state, b.state));
  openDetails(kernel.kernel, kernel.name,
    el('p', { class: 'muted small code' }, kernel.path),
    (kernel.reasons || []).map((reason) => el('p', {}, reason)),
    kernel.content === undefined ? null : el('p', { class: 'small' }, bytes(kernel.btf_size) + ' of BTF, minimized to ' + bytes(kernel.minimized_size) + '.'),
    el('h3', {}, 'Objects'),
    el('table', {}, el('tbody', {}, rows.map((row) => el('tr', {},
      el('td', {}, el('button', { type: 'button', class: 'link', onclick: () => openCell(row.object, kernel) }, row.object.name)),
      el('td', {}, badge(row.state)))))));
}

function startDetails() {
  byId('details-close').addEventListener('click', closeDetails);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !byId('details').hidden) {
      event.preventDefault();
      closeDetails();
    } else if (event.key === '/' && !event.ctrlKey && !event.metaKey && !['INPUT', 'SELECT', 'TEXTAREA'].includes(document.activeElement.tagName)) {
      event.preventDefault();
      byId('find-objects').focus();
    }
  });
}
