// Puts the parts together.

const THEMES = ['system', 'light', 'dark'];
let theme = 'system';

function remember(name, value) {
  try {
    localStorage.setItem('btfbatch-report-' + name, value);
  } catch {
    // A page opened from a file may have no storage.
  }
}

function remembered(name) {
  try {
    return localStorage.getItem('btfbatch-report-' + name);
  } catch {
    return null;
  }
}

function applyTheme(printing) {
  const dark = !printing && (theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches));
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
  const names = { system: 'as the system', light: 'light', dark: 'dark' };
  byId('theme').textContent = { system: '\u25d1 Auto', light: '\u2600 Light', dark: '\u263e Dark' }[theme];
  byId('theme').setAttribute('aria-label', 'Colours: ' + names[theme]);
  map.colours = colours();
}

function redrawAll() {
  showLegend();
  drawMapSoon();
}

function startTheme() {
  const stored = remembered('theme');
  if (THEMES.includes(stored)) theme = stored;
  applyTheme(false);
  byId('theme').addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember('theme', theme);
    applyTheme(false);
    redrawAll();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    applyTheme(false);
    redrawAll();
  });
}

function showLegend() {
  replace(byId('legend'), STATES.map((state, number) => {
    const canvas = el('canvas', { class: 'swatch', width: 32, height: 32, 'aria-hidden': 'true' });
    const context = canvas.getContext('2d');
    context.setTransform(32 / 16, 0, 0, 32 / (ROW - 2), 0, 0);
    context.textBaseline = 'middle';
    const labels = map.labels;
    map.labels = 0;
    drawRun(context, { left: 0 }, 0, 1, 16, 0.01, -1, number);
    map.labels = labels;
    return el('li', { title: state.help }, canvas, state.label);
  }));
}

function tile(number, text, kind) {
  return el('div', { class: 'tile ' + kind }, el('b', {}, number), text);
}

function showTiles() {
  const totals = report.totals;
  const broken = report.broken.filter((entry) => entry.state === 'broken').length;
  const ambiguous = report.broken.length - broken;
  const programs = model.objects.reduce((sum, object) => sum + object.kernelBtf.length, 0);
  const smaller = totals.unique_bytes > 0 ? totals.btf_bytes / totals.unique_bytes : 0;
  replace(byId('tiles'),
    tile(broken.toLocaleString('en'), (broken === 1 ? 'broken relocation' : 'broken relocations'), broken > 0 ? 'bad' : ''),
    tile(totals.broken_kernels.toLocaleString('en'), 'of ' + count(totals.kernels, 'kernel') + ' with something broken or ambiguous', totals.broken_kernels > 0 ? 'bad' : ''),
    tile(ambiguous.toLocaleString('en'), (ambiguous === 1 ? 'ambiguous relocation' : 'ambiguous relocations'), ambiguous > 0 ? 'odd' : ''),
    tile(programs.toLocaleString('en'), (programs === 1 ? 'program needs' : 'programs need') + ' BTF in the kernel itself', ''),
    tile(times(smaller) + '\u00d7', 'smaller: ' + bytes(totals.btf_bytes) + ' to ' + bytes(totals.unique_bytes), 'good'));
  const relocations = model.objects.reduce((sum, object) => sum + object.relocations.length, 0);
  byId('scope').textContent = [count(totals.kernels, 'kernel'), count(model.objects.length, 'object'), count(relocations, 'relocation')].join(' \u00b7 ') +
    (totals.failed > 0 ? ' \u00b7 ' + count(totals.failed, 'kernel') + ' failed' : '');
  byId('made-by').textContent = 'Made by ' + report.tool.name + ' ' + report.tool.version + '. This page is one file and asks no network for anything.';
}

function fillChoices() {
  const choices = (values, all) => [el('option', { value: '' }, all), ...values.map((value) => el('option', { value }, value || 'none'))];
  const distinct = (field) => [...new Set(model.kernels.map((kernel) => kernel[field]))].filter(Boolean).sort();
  replace(byId('distro'), choices(distinct('distro'), 'all'));
  replace(byId('arch'), choices(distinct('arch'), 'all'));
  replace(byId('state'), STATE_CHOICES.map(({ name, label }) => el('option', { value: name }, label)));
}

function refresh() {
  filters.objects = byId('find-objects').value;
  filters.kernels = byId('find-kernels').value;
  filters.distro = byId('distro').value;
  filters.arch = byId('arch').value;
  filters.state = byId('state').value;
  applyFilters();
  const part = (shownCount, all, noun) => (shownCount === all ? count(all, noun) : shownCount.toLocaleString('en') + ' of ' + count(all, noun));
  byId('shown').textContent = part(shown.objects.length, model.objects.length, 'object') + ', ' + part(shown.kernels.length, model.kernels.length, 'kernel');
  layOutMap();
  nameActive();
}

// The map follows each keystroke; the lists below it may come a moment later.
let listsTimer = 0;
function refreshLists() {
  clearTimeout(listsTimer);
  listsTimer = 0;
  showBroken(false);
  drawTimeline();
}

function refreshListsSoon() {
  clearTimeout(listsTimer);
  listsTimer = setTimeout(refreshLists, 120);
}

function startFilters() {
  fillChoices();
  const form = byId('filters');
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', (event) => {
    if (event.target.id === 'zoom') return;
    refresh();
    refreshListsSoon();
  });
  form.addEventListener('reset', () => setTimeout(() => {
    refresh();
    refreshListsSoon();
  }));
}

// Nothing can be opened on paper, so all is there; afterwards the page is as it was.
function startPrinting() {
  let wasCut = false;
  let closed = [];
  window.addEventListener('beforeprint', () => {
    applyTheme(true);
    showLegend();
    if (listsTimer) refreshLists();
    wasCut = byId('broken-all') !== null;
    if (wasCut) showBroken(true);
    drawMapForPrint();
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const details of closed) details.open = true;
  });
  window.addEventListener('afterprint', () => {
    applyTheme(false);
    redrawAll();
    for (const details of closed) details.open = false;
    if (wasCut) showBroken(false);
  });
}

startTheme();
showTiles();
startFilters();
startMap();
startDetails();
startPrinting();
refresh();
showLegend();
showBroken(false);
startTimeline();
showSavings();
showKernelBtf();
