// The report, and what the parts of the page ask of it. Nothing in here touches the page.

const report = JSON.parse(byId('report').textContent);

// An object's answers, taken apart when first asked for.
function decodeAnswers(object) {
  object.siteList = object.sites === '' ? [] : object.sites.split(' ').map((site) => {
    const [program, relocation] = site.split('/');
    return { program: program === '-' ? -1 : Number(program), relocation: Number(relocation) };
  });
  for (const answers of object.answers) {
    answers.states = Array.from(answers.sites, (letter) => STATE_OF_LETTER.get(letter));
    answers.worst = answers.states.reduce((worst, state) => Math.max(worst, state), 0);
    answers.stateSet = answers.states.reduce((set, state) => set | (1 << state), 0);
    answers.troubleOf = new Map((answers.troubles || []).map((trouble) => [trouble.relocation, { ...trouble, state: BROKEN }]));
    object.siteList.forEach((site, i) => {
      if (answers.states[i] === AMBIGUOUS) answers.troubleOf.get(site.relocation).state = AMBIGUOUS;
    });
  }
}

function makeModel() {
  const objects = report.objects;
  objects.forEach((object, index) => {
    object.index = index;
    decodeAnswers(object);
    object.kernelBtf = object.programs.filter((program) => program.kernel_btf);
    object.text = [object.name, object.found_in || '', ...object.programs.flatMap((p) => [p.name, p.section]),
      ...object.relocations.flatMap((r) => [r.path, r.joined_path || ''])].join('\n').toLowerCase();
  });
  const results = report.results.map((row) => (row === '' ? [] : row.split(' ').map((number) => (number === '-' ? -1 : Number(number)))));
  const kernels = report.kernels;
  kernels.forEach((kernel, index) => {
    kernel.index = index;
    kernel.name = [kernel.distro, kernel.release, kernel.arch].filter(Boolean).join(' ');
    kernel.text = (kernel.name + ' ' + kernel.kernel + ' ' + kernel.path).toLowerCase();
    kernel.series = [kernel.distro || 'no distro', kernel.arch].filter(Boolean).join(' ');
  });
  // Versions are slow to compare, so it is done once.
  [...kernels].sort((a, b) => compareVersions(a.kernel, b.kernel)).forEach((kernel, age) => { kernel.age = age; });
  return { objects, kernels, results };
}

const model = makeModel();

// Kernels by distro and arch, by version; without those that failed.
function seriesOf(kernels) {
  const series = new Map();
  for (const kernel of kernels) {
    if (kernel.result === undefined) continue;
    if (!series.has(kernel.series)) series.set(kernel.series, []);
    series.get(kernel.series).push(kernel);
  }
  for (const list of series.values()) list.sort((a, b) => a.age - b.age);
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return new Map([...series].sort(
      ([, [a]], [, [b]]) => compare(a.distro, b.distro) || compare(a.arch, b.arch)));
}

const wholeSeries = seriesOf(model.kernels);

// The answers of an object on a kernel; undefined where the kernel failed, or is for other machines.
function answersOf(object, kernel) {
  return kernel.result === undefined ? undefined : object.answers[model.results[kernel.result][object.index]];
}

function stateOf(object, kernel) {
  const answers = answersOf(object, kernel);
  if (answers !== undefined) return answers.worst;
  return kernel.result === undefined ? FAILED : OTHER;
}

// The states of all its sites there, as bits.
function stateSetOf(object, kernel) {
  const answers = answersOf(object, kernel);
  return answers === undefined ? 1 << stateOf(object, kernel) : answers.stateSet;
}

// How many sites of an object are in each state.
function countStates(answers) {
  const counts = new Array(STATES.length).fill(0);
  for (const state of answers.states) counts[state] += 1;
  return counts;
}

function describeCell(object, kernel) {
  const answers = answersOf(object, kernel);
  const place = object.name + ' on ' + kernel.name + ' ' + kernel.kernel + ': ';
  if (answers === undefined) return place + STATES[stateOf(object, kernel)].label;
  const counts = countStates(answers);
  const total = answers.states.length;
  if (total === 0) return place + 'needs nothing of a kernel';
  if (answers.worst === 0) return place + 'all ' + count(total, 'relocation') + ' resolved';
  const parts = [];
  for (let state = AMBIGUOUS; state > 0; state -= 1) {
    if (counts[state] > 0) parts.push(counts[state] + ' ' + STATES[state].label);
  }
  return place + parts.join(', ') + ' of ' + count(total, 'relocation');
}

// What is shown: objects and kernels that pass the filters, and the state of each pair of them.
const STATE_CHOICES = [
  { name: '', label: 'any state', states: STATES.map((_, state) => state) },
  { name: 'missing', label: 'anything missing', states: [1, 2, 3, BROKEN, AMBIGUOUS] },
  { name: 'probably', label: 'probably guarded or worse', states: [3, BROKEN, AMBIGUOUS] },
  { name: 'trouble', label: 'broken or ambiguous', states: [BROKEN, AMBIGUOUS] },
  { name: 'broken', label: 'broken', states: [BROKEN] },
  { name: 'ambiguous', label: 'ambiguous', states: [AMBIGUOUS] },
  { name: 'failed', label: 'failed kernels', states: [FAILED] },
];
const filters = { objects: '', kernels: '', distro: '', arch: '', state: '' };
const shown = { objects: [], kernels: [], states: [], groups: [] };

function wordsOf(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

// The states that the filter lets through, as bits.
function wantedStates() {
  return STATE_CHOICES.find((choice) => choice.name === filters.state).states.reduce((set, state) => set | (1 << state), 0);
}

function groupsOf(kernels) {
  const groups = [];
  kernels.forEach((kernel, column) => {
    const last = groups[groups.length - 1];
    if (last && last.distro === kernel.distro && last.release === kernel.release && last.arch === kernel.arch) {
      last.end = column + 1;
    } else {
      groups.push({ distro: kernel.distro, release: kernel.release, arch: kernel.arch, begin: column, end: column + 1 });
    }
  });
  return groups;
}

function applyFilters() {
  const objectWords = wordsOf(filters.objects);
  const kernelWords = wordsOf(filters.kernels);
  let objects = model.objects.filter((object) => objectWords.every((word) => object.text.includes(word)));
  let kernels = model.kernels.filter((kernel) =>
    (filters.distro === '' || kernel.distro === filters.distro) &&
    (filters.arch === '' || kernel.arch === filters.arch) &&
    kernelWords.every((word) => kernel.text.includes(word)));
  if (filters.state !== '') {
    const wanted = wantedStates();
    const usedKernels = new Uint8Array(model.kernels.length);
    const candidates = kernels;
    objects = objects.filter((object) => {
      let used = false;
      for (const kernel of candidates) {
        if (stateSetOf(object, kernel) & wanted) {
          used = true;
          usedKernels[kernel.index] = 1;
        }
      }
      return used;
    });
    kernels = kernels.filter((kernel) => usedKernels[kernel.index] === 1);
  }
  shown.objects = objects;
  shown.kernels = kernels;
  shown.states = objects.map((object) => Uint8Array.from(kernels, (kernel) => stateOf(object, kernel)));
  shown.groups = groupsOf(kernels);
}
