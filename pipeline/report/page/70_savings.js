// Sizes before and after, and unique results by distro.

function barRow(name, parts, label) {
  return el('div', { class: 'bar-row' }, el('div', {}, name),
    el('div', { class: 'bar', role: 'img', 'aria-label': label }, parts.map((part) => {
      const span = el('span', { class: part.after ? 'after' : '' });
      span.style.width = 'max(2px, ' + Math.min(100, part.share * 100).toFixed(3) + '%)';
      return span;
    })), el('div', { class: 'number' }, label));
}

function sizesView(totals) {
  const whole = Math.max(totals.btf_bytes, 1);
  const rows = [
    ['Full BTF', totals.btf_bytes, false],
    ['In the archive, compressed', totals.archive_bytes, false],
    ['Minimized, a file for each kernel', totals.minimized_bytes, true],
    ['Written, identical ones once', totals.unique_bytes, true],
  ];
  return el('div', { class: 'bars' }, rows.map(([name, size, after]) => barRow(name, [{ share: size / whole, after }], bytes(size))));
}

function byDistro() {
  const distros = new Map();
  for (const kernel of model.kernels) {
    if (kernel.content === undefined) continue;
    const name = kernel.distro || 'no distro';
    if (!distros.has(name)) distros.set(name, { name, kernels: 0, contents: new Map(), btf: 0, minimized: 0 });
    const distro = distros.get(name);
    distro.kernels += 1;
    distro.contents.set(kernel.content, kernel.minimized_size);
    distro.btf += kernel.btf_size;
    distro.minimized += kernel.minimized_size;
  }
  return [...distros.values()];
}

function distroTable(distros) {
  const sum = (map) => [...map.values()].reduce((total, size) => total + size, 0);
  const most = Math.max(...distros.map((distro) => distro.kernels), 1);
  const heads = ['Distro', 'Kernels', 'Unique results', '', 'Full BTF', 'Minimized', 'Written'];
  return el('table', {},
    el('thead', {}, el('tr', {}, heads.map((head, i) => el('th', { scope: 'col', class: i === 0 || i === 3 ? null : 'number' }, head)))),
    el('tbody', {}, distros.map((distro) => {
      const bar = el('div', { class: 'bar', 'aria-hidden': 'true' },
        [[distro.kernels, ''], [distro.contents.size, 'after']].map(([number, kind]) => {
          const span = el('span', { class: kind });
          span.style.width = (number / most) * 100 + '%';
          return span;
        }));
      bar.style.minWidth = '160px';
      return el('tr', {}, el('td', {}, distro.name), el('td', { class: 'number' }, distro.kernels.toLocaleString('en')),
        el('td', { class: 'number' }, distro.contents.size.toLocaleString('en')), el('td', {}, bar),
        el('td', { class: 'number' }, bytes(distro.btf)), el('td', { class: 'number' }, bytes(distro.minimized)),
        el('td', { class: 'number' }, bytes(sum(distro.contents))));
    })));
}

function showSavings() {
  const totals = report.totals;
  const smaller = totals.unique_bytes > 0 ? totals.btf_bytes / totals.unique_bytes : 0;
  replace(byId('savings'),
    el('p', {}, smaller > 0 ? bytes(totals.btf_bytes) + ' of BTF come to ' + bytes(totals.unique_bytes) + ': ' + times(smaller) + ' times smaller.' : 'No kernel was minimized.'),
    sizesView(totals),
    el('h3', {}, 'Unique results by distro'),
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Unique results by distro' }, distroTable(byDistro())));
}
