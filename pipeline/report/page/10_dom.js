// Elements, numbers and colours. Text from the report only ever becomes text: there is no innerHTML
// on this page.

const STATES = [
  { name: 'resolved', letter: 'r', label: 'resolved', glyph: '', help: 'found' },
  { name: 'absent', letter: 'a', label: 'absent', glyph: '0', help: 'the object asks whether it is there, and it is not' },
  { name: 'guarded', letter: 'g', label: 'guarded', glyph: '-', help: 'missing, but the program does not come there' },
  { name: 'probably_guarded', letter: 'p', label: 'probably guarded', glyph: '~', help: 'missing; the program asks for it first, branches not followed to the end' },
  { name: 'broken', letter: 'b', label: 'broken', glyph: '\u00d7', help: 'missing, and the program comes there: the verifier refuses it' },
  { name: 'ambiguous', letter: 'm', label: 'ambiguous', glyph: '?', help: 'no one answer: a loader refuses the object' },
  { name: 'failed', letter: '', label: 'kernel failed', glyph: '/', help: 'the kernel\u2019s BTF cannot be read' },
  { name: 'other', letter: '', label: 'other machines', glyph: '\u00b7', help: 'the object is for other machines than the kernel, and is not judged on it' },
];
const BROKEN = 4;
const AMBIGUOUS = 5;
const FAILED = 6;  // this and the next say nothing of the object
const OTHER = 7;
const STATE_OF_LETTER = new Map(STATES.map((state, number) => [state.letter, number]));

// For sorting, from bad to good.
function bySeverity(a, b) {
  return (b === OTHER ? -1 : b) - (a === OTHER ? -1 : a);
}

function byId(id) {
  return document.getElementById(id);
}

// el('td', {class: 'number'}, 'text', child, ...)
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function replace(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
}

// A list of which only the first items show until the rest is opened; on paper all of it is open.
function cutList(items, most, nameOfRest) {
  const list = (some) => el('ul', { class: 'plain' }, some.map((item) => el('li', {}, item)));
  if (items.length <= most) return list(items);
  return [list(items.slice(0, most)), el('details', {}, el('summary', {}, nameOfRest(items.length - most)), list(items.slice(most)))];
}

function count(number, noun, plural) {
  return number.toLocaleString('en') + ' ' + (number === 1 ? noun : plural || noun + 's');
}

function bytes(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = number;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return (unit === 0 ? value.toString() : value.toFixed(1)) + ' ' + units[unit];
}

function times(number) {
  return number.toLocaleString('en', { maximumFractionDigits: number < 10 ? 1 : 0 });
}

function badge(state) {
  const { name, label, glyph } = STATES[state];
  return el('span', { class: 'badge s-' + name }, el('i', { 'aria-hidden': 'true' }, glyph || '\u2713'), label);
}

// The colours of the style sheet, for canvases, which do not inherit them.
function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue('--' + name).trim();
  return {
    states: [of('resolved'), of('absent'), of('guarded'), of('probably'), of('broken'), of('ambiguous'), of('failed'), of('other')],
    card: of('card'), ink: of('ink'), muted: of('muted'), line: of('line'), soft: of('soft'), focus: of('focus'), onState: of('on-state'),
  };
}

// Compares kernel releases as versions: digits as numbers, the rest as text.
function compareVersions(a, b) {
  const left = a.match(/\d+|\D+/g) || [];
  const right = b.match(/\d+|\D+/g) || [];
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const numbers = /^\d/.test(left[i]) && /^\d/.test(right[i]);
    const order = numbers ? Number(left[i]) - Number(right[i]) : left[i] < right[i] ? -1 : left[i] > right[i] ? 1 : 0;
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
