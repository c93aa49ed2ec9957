"""The report's page in headless Chromium: it renders, filters, opens details, obeys keys, is dark and
prints. Times are measured and printed, not judged."""

import argparse
import json
import pathlib
import subprocess
import sys
import unittest

import browser as browser_module

OPTIONS = None
SKIPPED = 77


def make_page(name, kernels, objects):
    path = pathlib.Path(OPTIONS.work) / name
    subprocess.run([OPTIONS.make_page, str(kernels), str(objects), str(path)], check=True)
    return path


def report_of(path):
    text = path.read_text()
    begin = text.index('type="application/json">') + len('type="application/json">')
    return json.loads(text[begin:text.index("</script>", begin)])


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = make_page("synthetic.html", 4000, 60)
        cls.report = report_of(cls.path)
        cls.browser = browser_module.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def setUp(self):
        self.browser.emulate(prefers_color_scheme="light")
        self.browser.open(self.path)
        self.browser.settle()

    def tearDown(self):
        self.assertEqual(self.browser.errors(), [])
        if OPTIONS.screenshots:
            self.browser.screenshot(pathlib.Path(OPTIONS.screenshots) / f"{self._testMethodName}.png")

    def text(self, element):
        return self.browser.run("return document.getElementById(arguments[0]).innerText", element)

    def fill(self, element, value):
        self.browser.run(
            "const element = document.getElementById(arguments[0]); element.value = arguments[1];"
            "element.dispatchEvent(new Event('input', {bubbles: true}));", element, value)
        self.browser.settle()

    def focused(self):
        return self.browser.run("return document.activeElement.id")

    def colours_drawn(self, canvas="#map-canvas"):
        """How many pixels of a canvas have which colour."""
        return self.browser.run("""
            const canvas = document.querySelector(arguments[0]);
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const counts = {};
            for (let i = 0; i < data.length; i += 4) {
              const name = '#' + [0, 1, 2].map((c) => data[i + c].toString(16).padStart(2, '0')).join('');
              counts[name] = (counts[name] || 0) + 1;
            }
            return counts;""", canvas)

    def colour(self, name):
        return self.browser.run("return getComputedStyle(document.documentElement)"
                                ".getPropertyValue('--' + arguments[0]).trim()", name)

    def state_letter(self, obj, kernel):
        """The worst state of an object on a kernel, as the report says it."""
        numbers = self.report["results"][kernel["result"]].split(" ")
        if numbers[obj] == "-":
            return "-"
        letters = self.report["objects"][obj]["answers"][int(numbers[obj])]["sites"]
        return max(letters, key="ragpbm".index)

    def click_cell(self, row, column):
        """On the map with all its rows and columns in view; a column may share its pixel with others."""
        place = self.browser.run("""
            const map = document.getElementById('map');
            map.scrollIntoView({block: 'center'});
            const box = map.getBoundingClientRect();
            return {left: box.left + map.clientLeft, top: box.top + map.clientTop, width: map.clientWidth};""")
        cell = (place["width"] - 190) / len(self.report["kernels"])
        self.browser.click(place["left"] + 190 + (column + 1.5) * cell, place["top"] + 58 + row * 22 + 11)

    def test_it_renders(self):
        totals = self.report["totals"]
        self.assertIn("4,000 kernels", self.text("scope"))
        self.assertIn(f'{totals["broken_kernels"]:,}', self.text("tiles"))
        self.assertEqual(self.text("shown"), "60 objects, 4,000 kernels")
        drawn = self.colours_drawn()
        for state in ("resolved", "broken", "ambiguous", "probably"):
            self.assertGreater(drawn.get(self.colour(state), 0), 1000, state)
        self.assertIn("times smaller", self.text("savings"))
        self.assertGreater(self.browser.run("return document.querySelectorAll('#timeline rect').length"), 10)
        self.assertGreater(self.browser.run("return document.querySelectorAll('#broken tbody tr').length"), 10)
        self.assertIn("fentry", self.text("kernel-btf"))

    def test_it_asks_no_network_for_anything(self):
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').length"), 0)
        text = self.path.read_text()
        self.assertNotIn("src=\"http", text)
        self.assertNotIn("href=\"http", text)

    def test_names_are_text_and_nothing_else(self):
        name = self.report["objects"][3]["name"]
        self.assertIn("<img", name)
        self.assertEqual(self.browser.run("return document.title"), "btfbatch report")
        self.assertEqual(self.browser.run("return document.querySelectorAll('img').length"), 0)
        self.fill("find-objects", "<img")
        self.assertEqual(self.text("shown"), "1 of 60 objects, 4,000 kernels")
        self.assertIn(name, self.text("broken"))

    def test_paths_through_pointers_are_shown(self):
        self.fill("find-objects", "file.f_inode->i_ctime")
        objects = [o for o in self.report["objects"]
                   if any("joined_path" in r for r in o["relocations"])]
        self.assertTrue(objects)
        self.assertEqual(self.text("shown"), f"{len(objects)} of 60 objects, 4,000 kernels")
        self.assertIn("file.f_inode->i_ctime", self.text("broken"))

    def test_filters(self):
        kernels = [k for k in self.report["kernels"]
                   if all(word in k["path"] for word in ("debian/12/arm64", "6.1."))]
        self.fill("find-kernels", "debian/12/ARM64 6.1.")
        self.assertEqual(self.text("shown"), f"60 objects, {len(kernels)} of 4,000 kernels")
        self.fill("find-objects", "opensnoop")
        objects = [o for o in self.report["objects"] if "opensnoop" in json.dumps(o)]
        self.assertEqual(self.text("shown"), f"{len(objects)} of 60 objects, {len(kernels)} of 4,000 kernels")
        self.browser.run("document.getElementById('reset').click()")
        self.browser.settle()
        self.assertEqual(self.text("shown"), "60 objects, 4,000 kernels")
        self.fill("distro", "sles")
        sles = sum(k["distro"] == "sles" for k in self.report["kernels"])
        self.assertIn(f"{sles} of 4,000 kernels", self.text("shown"))
        self.fill("distro", "")
        self.fill("state", "ambiguous")
        ambiguous = sum(any(self.state_letter(o, k) == "m" for o in range(60))
                        for k in self.report["kernels"] if "result" in k)
        self.assertIn(f"{ambiguous} of 4,000 kernels", self.text("shown"))
        self.fill("find-kernels", "no such kernel")
        self.assertIn("0 of 4,000 kernels", self.text("shown"))

    def spans_listed(self):
        """Of each row of the list of broken relocations, where it says that it is missing."""
        self.browser.run("const all = document.querySelector('#broken > p button'); if (all) all.click()")
        return set(map(tuple, self.browser.run("""
            return [...document.querySelectorAll('#broken tbody tr')].map((row) =>
              [...row.querySelectorAll('td:nth-child(5) li')].map((item) => item.textContent));""")))

    def test_the_list_is_the_reports_where_nothing_is_filtered(self):
        def text(span):
            where = ("all kernels" if span["all"] else span["from"] if span["from"] == span["to"]
                     else f'{span["from"]} … {span["to"]}')
            return f'{span["distro"]} {span["arch"]} {where} ({span["kernels"]:,})'
        expected = {tuple(map(text, entry["missing"])) for entry in self.report["broken"]}
        self.assertEqual(self.spans_listed(), expected)

    def troubles_on(self, kernels):
        """(object, relocation) of all that is broken or ambiguous on any of the kernels."""
        found = set()
        for kernel in kernels:
            numbers = self.report["results"][kernel["result"]].split(" ") if "result" in kernel else []
            for number, (i, obj) in zip(numbers, enumerate(self.report["objects"])):
                if number != "-":
                    troubles = obj["answers"][int(number)].get("troubles", [])
                    found.update((i, trouble["relocation"]) for trouble in troubles)
        return found

    def test_the_lists_follow_the_filters_for_kernels(self):
        whole = len(self.report["broken"])
        kernels = [k for k in self.report["kernels"]
                   if all(word in k["path"] for word in ("debian/12/arm64", "6.1."))]
        self.fill("find-kernels", "debian/12/arm64 6.1.")
        self.assertEqual(self.text("broken-count"),
                         f"{len(self.troubles_on(kernels))} of {whole} relocations")
        listed = [span for spans in self.spans_listed() for span in spans]
        self.assertTrue(listed)
        for span in listed:
            self.assertRegex(span, r"^debian arm64 6\.1\.\S+( … 6\.1\.\S+)? \(\d+\)$")
        stretches = self.browser.run("return [...document.querySelectorAll('#timeline title')].map((t) => t.textContent)")
        self.assertTrue(stretches)
        for stretch in stretches:
            self.assertRegex(stretch, r": 6\.1\.")
        self.fill("find-kernels", "fedora/29/")
        self.assertEqual(self.troubles_on(k for k in self.report["kernels"] if "fedora/29/" in k["path"]), set())
        self.assertEqual(self.text("broken-count"), f"0 of {whole} relocations")
        self.fill("find-kernels", "zzz")
        self.assertEqual(self.text("broken-count"), f"0 of {whole} relocations")
        self.assertEqual(self.text("broken"), "None passes the filters.")
        self.assertIn("No kernel", self.text("timeline"))

    def test_the_list_follows_the_filter_for_states(self):
        for state, letter, other in (("broken", "b", "ambiguous"), ("ambiguous", "m", "broken")):
            self.fill("state", state)
            with_it = [{i for i, answers in enumerate(obj["answers"]) if letter in answers["sites"]}
                       for obj in self.report["objects"]]
            kernels = sum(any(number != "-" and int(number) in answers for number, answers in
                              zip(self.report["results"][k["result"]].split(" "), with_it))
                          for k in self.report["kernels"] if "result" in k)
            self.assertIn(f"{kernels:,} of 4,000 kernels", self.text("shown"))
            self.spans_listed()
            badges = "return document.querySelectorAll('#broken .s-' + arguments[0]).length"
            self.assertGreater(self.browser.run(badges, state), 0)
            self.assertEqual(self.browser.run(badges, other), 0)
        self.fill("state", "failed")
        self.assertIn("0 of ", self.text("broken-count"))

    def texts_drawn(self, event):
        """All that is written on a canvas after an event of the window."""
        self.browser.run("""
            const prototype = CanvasRenderingContext2D.prototype;
            window.fillsText = window.fillsText || prototype.fillText;
            window.drawn = [];
            prototype.fillText = function (text, ...place) {
              window.drawn.push(text);
              window.fillsText.call(this, text, ...place);
            };
            window.dispatchEvent(new Event(arguments[0]));""", event)
        self.browser.settle()
        return set(self.browser.run("return window.drawn"))

    def assert_columns_are_named(self, kernels, fields):
        texts = self.texts_drawn("resize")
        for kernel in kernels:
            for field in fields:
                self.assertIn(kernel[field], texts)

    def test_few_kernels_have_all_their_names(self):
        fields = ("distro", "release", "arch", "kernel")
        kernels = [k for k in self.report["kernels"]
                   if all(word in k["path"] for word in ("debian/1", "5.10.1", "amd64"))]
        self.fill("find-kernels", "debian/1 5.10.1 amd64")
        self.assertGreater(len(kernels), 5)
        self.assert_columns_are_named(kernels, fields)
        few = make_page("few.html", 22, 12)
        kernels = report_of(few)["kernels"]
        self.browser.open(few)
        self.browser.settle()
        self.assert_columns_are_named(kernels, fields)
        # What is for a click lies where it is drawn.
        self.browser.run("document.getElementById('map').focus()")
        self.browser.press("End", "Enter")
        self.assertIn(kernels[-1]["kernel"], self.text("details-kernel"))
        self.browser.press("Escape")
        place = self.browser.run("""
            const map = document.getElementById('map');
            const box = map.getBoundingClientRect();
            const size = document.getElementById('map-size').getBoundingClientRect();
            return {left: box.left + map.clientLeft, header: box.top + map.clientTop, bottom: size.bottom,
                    overflow: map.scrollWidth - map.clientWidth};""")
        self.assertEqual(place["overflow"], 0, "all kernels are in view")
        self.browser.click(place["left"] + 195, place["bottom"] - 11)
        self.assertIn(kernels[0]["kernel"], self.text("details-kernel"))
        self.assertIn(report_of(few)["objects"][-1]["name"], self.text("details-title"))

    def test_columns_are_named_on_a_phone(self):
        few = make_page("twelve.html", 12, 12)
        with self.browser.window(390, 844, mobile=True):
            self.browser.open(few)
            self.browser.settle()
            self.assert_columns_are_named(report_of(few)["kernels"], ("distro", "release", "arch"))
            self.assertIn("kernel", self.texts_drawn("resize"))
        with self.browser.window(390, 500, mobile=True):
            self.browser.open(few)
            self.browser.settle()
            self.assertNotIn("kernel", self.texts_drawn("resize"), "a band of names that have no room")

    def test_many_kernels_are_all_in_view(self):
        # The page is laid out before its lists make it long enough for a scroll bar.
        with self.browser.window(1500, 1000):
            self.browser.open(self.path)
            self.browser.settle()
            self.assertEqual(self.browser.run(
                "const map = document.getElementById('map'); return map.scrollWidth - map.clientWidth"), 0)

    def test_a_click_says_why(self):
        # The middle of the map's first row whose cell is broken.
        kernels = self.report["kernels"]
        column = next(i for i, k in enumerate(kernels)
                      if k["distro"] == "debian" and k["release"] == "12" and "result" in k)
        row = next(o for o in range(20) if self.state_letter(o, kernels[column]) == "b")
        self.click_cell(row, column)
        self.assertIn(self.report["objects"][row]["name"], self.text("details-title"))
        details = self.text("details")
        self.assertIn("debian 12", details)
        self.assertIn("broken", details)
        self.assertIn("has no member", details)
        self.assertIn("Instead:", details)
        self.assertIn(".bpf.c:", details)

    def test_an_object_for_other_machines_is_not_judged(self):
        kernels = self.report["kernels"]
        row = next(i for i, o in enumerate(self.report["objects"]) if "architecture" in o)
        column = next(i for i, k in enumerate(kernels)
                      if k["arch"] == "arm64" and kernels[i + 2]["arch"] == "arm64" and "result" in k)
        self.assertEqual(self.state_letter(row, kernels[column]), "-")
        self.click_cell(row, column)
        self.assertIn("for x86_64 and never loaded into this kernel", self.text("details"))
        self.browser.press("Escape")
        self.assertIn("other machines", self.text("active-text"))
        self.assertGreater(self.colours_drawn().get(self.colour("other"), 0), 100)

    def test_keys(self):
        self.browser.run("document.getElementById('map').focus()")
        self.browser.press("Right", "Down", "Down")
        self.assertEqual(self.browser.run(
            "return [document.getElementById('active-row').ariaRowIndex,"
            " document.getElementById('active-cell').ariaColIndex]"), ["3", "2"])
        self.assertIn(self.report["objects"][2]["name"], self.text("active-text"))
        self.browser.press("End")
        self.assertIn(self.report["kernels"][-1]["kernel"], self.text("active-text"))
        self.browser.press("Home", "PageDown")
        self.assertNotEqual(
            self.browser.run("return document.getElementById('active-cell').ariaColIndex"), "1")
        self.browser.press("n")
        self.assertRegex(self.text("active-text"), "broken|ambiguous")
        self.browser.press("Enter")
        self.assertEqual(self.focused(), "details-title")
        self.assertTrue(self.browser.run("return !document.getElementById('details').hidden"))
        self.browser.press("Escape")
        self.assertTrue(self.browser.run("return document.getElementById('details').hidden"))
        self.assertEqual(self.focused(), "map")
        self.browser.press("/")
        self.assertEqual(self.focused(), "find-objects")
        self.assertEqual(self.browser.run("return document.getElementById('find-objects').value"), "")

    def test_every_control_has_a_name(self):
        nameless = self.browser.run("""
            return [...document.querySelectorAll('button, input, select, [tabindex], [role]')].filter((element) =>
              element.getClientRects().length > 0 && element.getAttribute('role') !== 'presentation' &&
              !(element.getAttribute('aria-label') || element.getAttribute('aria-labelledby') ||
                element.textContent.trim() || (element.labels && element.labels.length > 0)))
              .map((element) => element.outerHTML.slice(0, 100));""")
        self.assertEqual(nameless, [])

    def test_states_differ_by_more_than_colour(self):
        # Wide cells: signs. Narrow ones: the filled part of the cell, from none to all of it.
        filled = self.browser.run("""
            return [...document.querySelectorAll('#legend canvas')].map((canvas) => {
              const data = canvas.getContext('2d').getImageData(2, 0, 1, canvas.height).data;
              const pixels = [];
              for (let i = 0; i < data.length; i += 4) pixels.push([data[i], data[i + 1], data[i + 2]].join());
              return pixels.map((pixel) => (pixel === pixels[1] ? 0 : 1)).join('');
            });""")
        self.assertEqual(len(set(filled[:4])), 4, filled)

    def test_dark(self):
        light = self.colour("paper")
        self.browser.emulate(prefers_color_scheme="dark")
        self.assertNotEqual(self.colour("paper"), light)
        self.assertGreater(self.colours_drawn().get(self.colour("broken"), 0), 1000)
        self.browser.run("document.getElementById('theme').click()")
        self.browser.settle()
        self.assertEqual(self.colour("paper"), light, "the switch wins over the system")
        self.browser.run("document.getElementById('theme').click()")
        self.browser.emulate(prefers_color_scheme="light")
        self.assertNotEqual(self.colour("paper"), light)
        self.browser.run("document.getElementById('theme').click()")
        self.browser.settle()

    def test_print(self):
        small = make_page("small.html", 300, 12)
        self.browser.emulate(prefers_color_scheme="dark")
        self.browser.open(small)
        self.browser.settle()
        pdf = self.browser.pdf()
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertGreater(pdf.count(b"/Type /Page"), 2)
        self.browser.run("window.dispatchEvent(new Event('beforeprint'))")
        self.browser.emulate("print", prefers_color_scheme="dark")
        self.assertEqual(self.colour("paper"), "#ffffff", "paper is white")
        self.assertGreater(self.colours_drawn("#map-print canvas").get(self.colour("broken"), 0), 1000)
        for hidden in ("filters", "theme", "map"):
            self.assertEqual(self.browser.run("return document.getElementById(arguments[0])"
                                              ".getClientRects().length", hidden), 0, hidden)
        if OPTIONS.screenshots:
            (pathlib.Path(OPTIONS.screenshots) / "print.pdf").write_bytes(pdf)

    def test_nothing_is_left_out_on_paper(self):
        counts = """return {rows: document.querySelectorAll('#broken tbody tr').length,
            button: document.querySelectorAll('#broken button:not(.link)').length,
            closed: document.querySelectorAll('details:not([open])').length,
            changes: [...document.querySelectorAll('#timeline td li')].filter((li) => li.checkVisibility()).length,
            allChanges: document.querySelectorAll('#timeline td li').length,
            more: document.querySelectorAll('#timeline summary').length};"""
        before = self.browser.run(counts)
        self.assertEqual((before["rows"], before["button"]), (100, 1))
        self.assertGreater(before["more"], 0)
        texts = self.texts_drawn("beforeprint")
        self.assertLessEqual({obj["name"] for obj in self.report["objects"]}, texts)
        self.assertLessEqual({kernel["release"] for kernel in self.report["kernels"]}, texts)
        self.browser.emulate("print")
        printed = self.browser.run(counts)
        self.assertGreater(printed["rows"], 100)
        self.assertEqual((printed["button"], printed["closed"]), (0, 0))
        self.assertEqual(printed["changes"], printed["allChanges"])
        self.assertNotIn("more", self.text("timeline"))
        self.browser.run("window.dispatchEvent(new Event('afterprint'))")
        self.browser.emulate()
        self.assertEqual(self.browser.run(counts), before)

    def test_what_is_cut_can_be_opened_by_keyboard(self):
        more = self.browser.run("""
            const more = document.querySelector('#timeline summary');
            if (more) more.focus();
            return more && more.textContent;""")
        self.assertRegex(more or "", r"^and \d+ more$")
        hidden = """return [...document.querySelectorAll('#timeline td details')[0].querySelectorAll('li')]
            .filter((li) => li.checkVisibility()).length"""
        self.assertEqual(self.browser.run(hidden), 0)
        self.browser.press("Enter")
        self.assertEqual(self.browser.run(hidden), int(more.split()[1]))

    def test_times(self):
        paint = self.browser.run("return performance.getEntriesByType('paint')"
                                 ".find((entry) => entry.name === 'first-contentful-paint').startTime")
        # The lists follow a moment after the map: how long the page then does not listen, at most.
        keystroke, lists = self.browser.run_async("""
            const done = arguments[0];
            const field = document.getElementById('find-objects');
            const begin = performance.now();
            field.value = 's';
            field.dispatchEvent(new Event('input', {bubbles: true}));
            requestAnimationFrame(() => setTimeout(() => {
              const drawn = performance.now();
              const before = document.querySelector('#broken table');
              const channel = new MessageChannel();
              let last = drawn;
              let longest = 0;
              channel.port1.onmessage = () => {
                const now = performance.now();
                longest = Math.max(longest, now - last);
                last = now;
                if (now - drawn < 1000) channel.port2.postMessage(0);
                else done([drawn - begin, before.isConnected ? -1 : longest]);
              };
              channel.port2.postMessage(0);
            }));""")
        self.assertGreater(lists, 0, "the lists have followed")
        scroll = self.browser.run_async("""
            const done = arguments[0];
            const begin = performance.now();
            document.getElementById('map').scrollTop += 200;
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin))));""")
        size = self.path.stat().st_size
        print(f"4,000 kernels x 60 objects, {size / 1e6:.1f} MB: first paint {paint:.0f} ms, "
              f"a filter keystroke {keystroke:.0f} ms, the lists that follow it {lists:.0f} ms at a stretch, "
              f"a step of scrolling {scroll:.0f} ms")


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make-page", required=True, help="the program make_synthetic_page")
    parser.add_argument("--work", required=True, help="a folder for pages")
    parser.add_argument("--screenshots", help="a folder for a picture after each test")
    OPTIONS, rest = parser.parse_known_args()
    reason = browser_module.missing()
    if reason is not None:
        print(f"skipped: {reason}")
        return SKIPPED
    unittest.main(argv=[sys.argv[0], *rest])
    return 0


if __name__ == "__main__":
    sys.exit(main())
