"""The page in a real browser, beside a real program with a real tree."""

import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import unittest

from browser import Browser
from program import DEMO, WORKSPACE, Program

BROWSER = None
PICTURES = os.environ.get("PAGE_PICTURES")
FOLD = os.environ.get("PAGE_FOLD", os.path.join(WORKSPACE, "target/debug/examples/fold"))
TREES = "crates/demo/trees"
ROWS = "Array.from(document.querySelectorAll('[role=treeitem]'))"


def setUpModule():
    global BROWSER
    BROWSER = Browser(os.environ["PAGE_BROWSER"])


def tearDownModule():
    BROWSER.close()


def row(path):
    return f"document.querySelector('[role=treeitem][data-path=\"{path}\"]')"


class PageTest(unittest.TestCase):
    def setUp(self):
        self.pages = []

    def given(self, *words, control=False):
        program = Program(*words, control=control)
        self.addCleanup(program.close)
        return program

    def look(self, program, url=None, **view):
        page = BROWSER.page(**view).open(url or program.url)
        self.pages.append(page)
        self.addCleanup(page.close)
        return page

    def live(self, program, **view):
        page = self.look(program, **view)
        page.until("document.body.dataset.link === 'live'")
        return page

    def picture(self, page, name):
        if PICTURES:
            page.screenshot(os.path.join(PICTURES, f"{name}.png"))

    def tearDown(self):
        # No test, whatever it is about, may leave the browser with a reason to complain.
        for page in self.pages:
            self.assertEqual(page.complaints(), [])
            strangers = [address for address in page.addresses() if not re.match(r"http://127\.0\.0\.1:\d+/|data:", address)]
            self.assertEqual(strangers, [])


class Watching(PageTest):
    def test_the_tree_appears_with_state_pid_and_kind(self):
        page = self.live(self.given())

        page.until(f"{ROWS}.length > 9 && {row('root/storage/database')}?.dataset.look === 'running'")

        label = page.run(f"{row('root/storage/database')}.getAttribute('aria-label')")
        self.assertRegex(label, r"^database, process, runs as process \d+$")
        self.assertEqual(page.run(f"{row('root/storage/database')}.getAttribute('aria-level')"), "3")
        self.assertEqual(page.text("#state-words"), "running")
        self.assertEqual(page.run("document.title"), "running · root")

    def test_the_token_leaves_the_address_and_is_sent_in_no_address(self):
        program = self.given()

        page = self.live(program)

        self.assertEqual(page.run("location.href"), program.origin + "/")
        self.assertEqual(page.run("sessionStorage.getItem('rootward.token')"), program.token)
        sent = [address.split("#")[0] for address in page.addresses()]
        self.assertFalse([address for address in sent if program.token in address])

    def test_without_the_token_the_page_asks_for_it(self):
        program = self.given()
        page = self.look(program, url=program.origin + "/")
        page.until("document.body.dataset.link === 'locked' && document.activeElement.id === 'token'")

        page.write("wrong-wrong-wrong-wrong")
        page.key("Enter")
        page.until("document.body.dataset.link === 'locked' && document.querySelector('#token').value === ''")
        page.write(program.url)
        page.key("Enter")

        page.until("document.body.dataset.link === 'live'")
        self.assertTrue(page.run("document.querySelector('#banner').hidden"))

    def test_a_crash_shows_with_its_restart_and_its_reason(self):
        page = self.live(self.given())

        page.until(f"{row('root/front/flaky')}?.querySelector('.restarts').textContent === '↻ 1'")
        page.click("[data-path='root/front/flaky'].row")

        page.until("document.querySelectorAll('#because li').length >= 4")
        self.assertIn("exit code 1", page.text("#because"))
        self.assertIn("exit code 1", page.text("#facts"))
        page.until("document.querySelector('#events').textContent.includes('ended by itself: exit code 1')")
        page.until("document.querySelector('#said').textContent.includes('flaky ended by itself: exit code 1')")
        self.picture(page, "crash")

    def test_what_would_follow_from_an_end_is_said_by_the_machine_that_decides(self):
        page = self.live(self.given())
        page.until(f"{row('root/storage/database')}?.dataset.look === 'running'")

        page.click("[data-path='root/storage/database'].row")

        page.until("/its end: it is started again/.test(document.querySelector('#changed-by').textContent)")
        self.assertEqual(page.text("#waits-for"), "nothing")
        self.picture(page, "outlook")

    def test_what_a_process_uses_is_asked_when_it_is_wanted_and_not_before(self):
        page = self.live(self.given())
        page.until(f"{row('root/storage/database')}?.dataset.look === 'running'")
        asked = lambda: [address for address in page.addresses() if "/usage/" in address]

        page.click("[data-path='root/storage/database'].row")
        page.until("document.querySelector('[data-do=usage]')")
        self.assertEqual((page.text("#used"), asked()), ("", []))
        page.click("[data-do=usage]")

        page.until("/^Uses .* of processor time · .* of memory · 1 process/.test(document.querySelector('#used').textContent)")
        self.assertEqual(len(asked()), 1)

    def test_a_drain_says_when_the_tree_stops_and_offers_the_force(self):
        program = self.given("run", f"{TREES}/service.toml", "--drain", "600s", "--deadline", "1800s", control=True)
        page = self.live(program)
        page.until("document.querySelector('#state-words').textContent === 'running'")

        program.interrupt()

        page.until("/^draining until [0-9.]+ s$/.test(document.querySelector('#state-words').textContent)")
        page.until("!document.querySelector('#force-tree').hidden && document.querySelector('#stop-tree').hidden")
        self.assertRegex(page.run(f"{row('service')}.getAttribute('aria-label')"), r"drains, and stops at [0-9.]+ s because of a signal")
        self.picture(page, "drain")

    def test_what_a_start_waits_for_is_said_with_what_the_last_look_has_found(self):
        page = self.live(self.given("run", "tests/page/steps.toml"))
        page.until(f"{row('root/late')}?.dataset.look === 'starting'")

        page.run("select('root/late')")

        page.until("/Is ready with.*a new .*nothing-there.*Last look/.test(document.querySelector('#facts').textContent)")
        self.picture(page, "readiness")

    def test_a_later_step_of_a_stop_is_drawn_with_what_was_sent(self):
        program = self.given("run", "tests/page/steps.toml")
        page = self.live(program)
        page.until(f"{row('root/stubborn')}?.dataset.look === 'running'")

        program.interrupt()

        page.until("lanes.lives.get('root/stubborn')?.marks.some((mark) => mark.look === 'asked' && mark.text === 'TERM')")
        self.picture(page, "steps")
        page.until("document.body.dataset.link === 'over'")

    def test_events_are_filtered_by_text_kind_and_child(self):
        page = self.live(self.given())
        page.until("document.querySelector('#events').textContent.includes('tick')")
        shown = "Array.from(document.querySelectorAll('#events .path'), (path) => path.dataset.path)"

        page.run("document.querySelector('#filter').focus()")
        page.write("tick")
        only = page.until(f"{shown}.length && {shown}")
        self.assertEqual(set(only), {"root/workers/ticker"})
        page.key("Escape")
        page.run("document.querySelector('#kind').value = 'trouble'; events.refilter()")
        self.assertEqual(page.run("events.all.filter(events.passes()).filter((event) => event.event === 'output').length"), 0)
        page.run("document.querySelector('#kind').value = 'all'; select('root/storage'); document.querySelector('#only').click()")
        below = page.run(shown)
        self.assertTrue(all(path.startswith("root/storage") for path in below), below)

    def test_what_children_write_is_text_and_acts_on_nothing(self):
        page = self.live(self.given("run", os.path.join(os.path.dirname(__file__), "hostile.toml")))

        page.until("document.querySelector('#events').textContent.includes('<img src=x')")

        words = page.run("Array.from(document.querySelectorAll('.weight-0 .words'), (words) => words.textContent).join('\\n')")
        self.assertIn("⟨U+202E⟩", words)
        self.assertIn("␛]0;title", words)
        self.assertIn("red and bold", words)
        self.assertNotRegex(words, "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
        self.assertEqual(page.run("document.querySelectorAll('img, #events script').length"), 0)
        self.assertFalse(page.run("'stolen' in window"))


class Stopping(PageTest):
    def test_a_stop_goes_down_as_a_wave_and_its_acknowledgements_come_up(self):
        program = self.given()
        page = self.live(program)
        page.until(f"{row('root/storage/index')}?.dataset.look === 'running'")

        program.interrupt()

        # All of it at one moment: the database takes two seconds, and a busy machine takes longer between two looks.
        wave = page.until(
            "!document.querySelector('#stop').hidden && document.querySelector('#waits').textContent.includes('database')"
            f" && /forced in [\\d.]+ ?s/.test({row('root/storage/database')}.textContent)"
            f" && {{ workers: {row('root/workers')}.dataset.look, database: {row('root/storage/database')}.dataset.look,"
            " asked: +document.querySelector('#asked').ariaValueNow, gone: +document.querySelector('#gone').ariaValueNow }"
        )
        self.picture(page, "stop")
        self.assertEqual(wave["workers"], "gone", "what was started last went first")
        self.assertEqual(wave["database"], "stopping")
        self.assertGreater(wave["asked"], wave["gone"])
        page.until("document.body.dataset.link === 'over'")
        self.assertRegex(page.text("#stop-head"), r"^The tree came down in [\d.]+ m?s: nothing had to be forced$")
        self.assertEqual(page.run("document.querySelector('#gone').ariaValueNow"), page.run("document.querySelector('#gone').ariaValueMax"))
        self.assertEqual(page.run(f"{row('root')}.dataset.look"), "gone")
        self.assertIn("nothing more will come", page.text("#notice"))
        self.picture(page, "over")

    def test_what_is_forced_is_named(self):
        page = self.live(self.given("run", f"{TREES}/stubborn.toml", control=True))
        page.until(f"{row('root/process')}?.dataset.look === 'running'")

        page.run("door.control('stop')")
        page.until("document.querySelector('#waits').textContent.includes('task')")
        page.until("document.body.dataset.link === 'over'")

        self.assertIn("2 children had to be forced", page.text("#stop-head"))
        self.assertEqual(page.run(f"[{row('root/process')}.dataset.look, {row('root/task')}.dataset.look]"), ["killed", "killed"])

    def test_a_program_that_is_gone_is_said_to_be_gone_and_tried_again(self):
        program = self.given()
        page = self.live(program)

        program.kill()

        page.until("document.body.dataset.link === 'lost'")
        page.until(f"document.querySelector('#notice').textContent.includes('Nothing answers at 127.0.0.1:{program.port}')")
        page.until("document.querySelector('#notice').textContent.includes('the next try is in')")
        self.assertTrue(page.run("document.querySelector('#stop-tree').hidden"))

    def test_after_a_lost_connection_it_goes_on_behind_the_last_event(self):
        program = self.given()
        page = self.live(program, before=CUT)
        page.until("events.all.length > 3")

        page.run("cut()")
        page.until("document.body.dataset.link === 'lost'")
        behind = page.run("app.model.asOf")
        # Something happens meanwhile.
        next(program.follow(behind))
        page.run("mend()")
        page.click("#again")

        page.until(f"document.body.dataset.link === 'live' && app.model.asOf > {behind}")
        seqs = page.run("events.all.map((event) => event.seq)")
        self.assertEqual(seqs, list(range(seqs[0], seqs[-1] + 1)), "no event is missing and none stands twice")
        self.assertTrue(any(address.endswith(f"/events?since={behind}") for address in page.addresses()))

    def test_a_look_in_between_takes_no_event_from_the_record(self):
        page = self.live(self.given())
        page.until("events.all.length > 3")

        # What the look tells has come already, or is still to come.
        for look, is_ahead in [("lookAgain().then(() => app.ahead !== null)", False), (LOOK_AHEAD, True)]:
            page.run("app.model.isOld = true")
            self.assertEqual(page.run(look), is_ahead)
            page.until("app.ahead === null && !app.model.isOld")
        page.run("newest = app.model.asOf")
        page.until("app.model.asOf > newest + 5")

        seqs = page.run("events.all.map((event) => event.seq)")
        self.assertEqual(seqs, list(range(seqs[0], seqs[-1] + 1)))


class Steering(PageTest):
    def test_without_permission_there_is_no_button(self):
        page = self.live(self.given())
        page.until(f"{row('root/storage/database')}?.dataset.look === 'running'")

        for path in ["root", "root/storage/database"]:
            page.run(f"select('{path}')")
            # What a process uses may be asked by every watcher.
            self.assertEqual(page.run("document.querySelectorAll('#actions :is(button, select):not([data-do=usage])').length"), 0)
        self.assertTrue(page.run("document.querySelector('#stop-tree').hidden && document.querySelector('#force-tree').hidden"))

    def test_a_child_is_restarted_terminated_and_started(self):
        page = self.live(self.given(control=True))
        page.until(f"{row('root/front/gateway')}?.dataset.look === 'running'")
        page.click("[data-path='root/front/gateway'].row")

        page.click("[data-do=restart]")
        page.until("app.model.find('root/front/gateway').incarnation === 2 && app.model.find('root/front/gateway').state === 'running'")
        page.click("[data-do=terminate]")
        page.until("document.querySelector('#confirm').open")
        self.assertEqual(page.text("#question"), "Terminate gateway?")
        page.click("#yes")
        page.until("document.querySelector('[data-do=start]')")
        self.assertEqual(page.run(f"{row('root/front/gateway')}.dataset.look"), "gone")
        page.click("[data-do=start]")
        page.until("app.model.find('root/front/gateway').incarnation === 3 && document.querySelector('[data-do=restart]')")

    def test_a_signal_is_chosen_asked_back_and_sent(self):
        page = self.live(self.given(control=True))
        page.until(f"{row('root/storage/database')}?.dataset.look === 'running'")
        page.click("[data-path='root/storage/database'].row")
        choose = "(() => { const choice = document.querySelector('#actions select'); choice.value = 'SIGKILL'; choice.dispatchEvent(new Event('change', { bubbles: true })); })()"

        page.until("document.querySelector('#actions select')")
        page.run(choose)
        page.until("document.querySelector('#confirm').open")
        self.assertEqual(page.text("#question"), "Send SIGKILL to database?")
        page.key("Escape")
        page.until("!document.querySelector('#confirm').open")
        self.assertEqual(page.run("app.model.find('root/storage/database').incarnation"), 1)
        page.run(choose)
        page.until("document.querySelector('#confirm').open")
        self.picture(page, "signal")
        page.click("#yes")

        page.until("app.model.find('root/storage/database').incarnation === 2")

    def test_a_stop_is_asked_back_and_the_second_press_forces(self):
        page = self.live(self.given(control=True))
        page.until(f"{row('root/front/gateway')}?.dataset.look === 'running'")

        page.click("#stop-tree")
        page.until("document.querySelector('#confirm').open")
        self.picture(page, "dialog")
        page.key("Escape")
        page.until("!document.querySelector('#confirm').open")
        self.assertEqual(page.text("#state-words"), "running")
        page.click("#stop-tree")
        page.click("#yes")
        page.until("!document.querySelector('#force-tree').hidden")
        page.click("#force-tree")
        page.click("#yes")

        page.until("document.body.dataset.link === 'over'")
        self.assertIn("had to be forced", page.text("#stop-head"))

    def test_a_refusal_is_told_in_words(self):
        page = self.live(self.given(control=True))
        page.until(f"{row('root/front/gateway')}?.dataset.look === 'running'")
        page.run("select('root/front/gateway')")

        page.run("act('start', 'root/front/gateway')")

        page.until("document.querySelector('#answer').textContent === 'start was refused: the child runs'")


class Reading(PageTest):
    def test_the_tree_is_used_by_keyboard_alone(self):
        page = self.live(self.given())
        page.until(f"{row('root/front/gateway')}?.dataset.look === 'running'")
        focused = "document.activeElement.dataset.path"
        page.run(f"{row('root')}.focus()")

        keys = [("ArrowDown", "root/storage"), ("ArrowRight", "root/storage/database"), ("ArrowLeft", "root/storage"),
                ("Home", "root"), ("w", "root/workers"), ("ArrowUp", "root/storage/index")]
        for key, path in keys:
            page.key(key)
            self.assertEqual(page.run(focused), path, key)
            self.assertEqual(page.run("document.querySelector('[aria-selected=true]').dataset.path"), path)
            self.assertEqual(page.run("document.querySelectorAll('[role=treeitem][tabindex=\"0\"]').length"), 1)
        page.key("Home")
        page.key("ArrowLeft")
        self.assertEqual(page.run(f"{ROWS}.length"), 1)
        self.assertEqual(page.run(f"{row('root')}.getAttribute('aria-expanded')"), "false")
        page.key("ArrowRight")
        page.until(f"{ROWS}.length > 9")
        page.key("/")
        page.write("data")
        page.until(f"{ROWS}.map((row) => row.dataset.path).join() === 'root,root/storage,root/storage/database'")
        page.key("Escape")
        page.until(f"{ROWS}.length > 9")

    def test_nothing_has_to_be_scrolled_sideways_at_320_pixels(self):
        program = self.given(control=True)
        page = self.live(program, width=320, height=640, density=2, phone=True)
        page.until(f"{row('root/front/flaky')}?.dataset.look === 'running'")
        wide = "document.documentElement.scrollWidth"
        self.picture(page, "phone")

        self.assertEqual(page.run(wide), 320)
        page.click("[data-path='root/storage/database'].row")
        page.until("document.querySelectorAll('#because li').length || !document.querySelector('#no-reason').hidden")
        self.picture(page, "phone-detail")
        self.assertEqual(page.run(wide), 320)
        small = page.run(
            "Array.from(document.querySelectorAll('button, .row, select, input[type=search]')).filter((it) => it.offsetParent)"
            ".filter((it) => it.getBoundingClientRect().height < 39).map((it) => it.outerHTML.slice(0, 80))"
        )
        self.assertEqual(small, [], "a finger finds it")
        page.click("#close")
        page.until("document.querySelector('#detail').hidden")
        program.interrupt()
        page.until("!document.querySelector('#stop').hidden")
        self.assertEqual(page.run(wide), 320)

    def test_everything_has_a_name_and_a_role(self):
        page = self.live(self.given(control=True))
        page.until(f"{row('root/front/gateway')}?.dataset.look === 'running'")

        nodes = [node for node in page.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
        named = ["button", "textbox", "searchbox", "combobox", "checkbox", "treeitem", "tree", "log", "complementary", "region"]
        told = {}
        for node in nodes:
            role, name = node["role"]["value"], node.get("name", {}).get("value", "")
            told.setdefault(role, []).append(name)
            self.assertFalse(role in named and not name, f"a {role} has no name")
        for role in ["tree", "treeitem", "heading", "log", "status", "searchbox", "combobox", "main", "banner"]:
            self.assertIn(role, told)
        self.assertEqual(page.run("document.documentElement.lang"), "en")
        twice = page.run("(() => { const ids = Array.from(document.querySelectorAll('[id]'), (it) => it.id); return ids.filter((id, at) => ids.indexOf(id) !== at); })()")
        self.assertEqual(twice, [])

    def test_text_stands_out_in_light_and_in_dark(self):
        for dark in [False, True]:
            program = self.given(control=True)
            page = self.live(program, dark=dark)
            page.until("document.querySelector('#events').textContent.includes('exit code 1') || app.model.find('root/front/flaky')?.restarts")
            self.picture(page, "dark" if dark else "light")
            self.assertEqual(page.run(CONTRAST), [], "dark" if dark else "light")
            program.interrupt()
            page.until("document.body.dataset.link === 'over'")
            self.assertEqual(page.run(CONTRAST), [], "dark, at the end" if dark else "light, at the end")

    def test_nothing_moves_where_the_reader_wants_no_motion(self):
        program = self.given()
        page = self.live(program, still=True)
        page.until(f"{row('root/front/gateway')}?.dataset.look === 'running'")
        page.run("moved = 0; Element.prototype.animate = () => { moved++; return { finished: Promise.resolve() }; }")

        program.interrupt()
        page.until("document.body.dataset.link === 'over'")

        self.assertEqual(page.run("moved"), 0)
        self.assertEqual(page.run("getComputedStyle(document.querySelector('#gone'), '::before').transitionDuration"), "0s")

    def test_states_are_told_by_a_shape_and_a_word_and_not_by_a_colour_alone(self):
        page = self.live(self.given())

        signs = page.run("Object.keys(LOOKS).map((look) => [look, document.getElementById(`sign-${look}`)?.innerHTML])")
        self.assertTrue(all(shape for _, shape in signs), signs)
        words = page.run("Object.values(LOOKS)")
        self.assertEqual(len(set(words)), len(words))


def to_microseconds(value):
    """Times are whole microseconds; the page adds them up as floating-point numbers."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: to_microseconds(part) for name, part in value.items()}
    return [to_microseconds(part) for part in value] if isinstance(value, list) else value


class Folding(PageTest):
    """The page puts events together as the model in Rust does."""

    def folded_by_the_page(self, lines):
        page = BROWSER.page()
        self.addCleanup(page.close)
        with open(os.path.join(WORKSPACE, "crates/observer/page/fold.js")) as file:
            page.run(file.read() + "\n0")
        return page.run(
            f"""(() => {{
                let model = null;
                const shown = [];
                for (const document of {json.dumps([json.loads(line) for line in lines])}) {{
                    if ("children" in document) model = Model.fromSnapshot(document);
                    else if ("seq" in document) (model ??= new Model()).apply(document);
                    else continue;
                    shown.push(JSON.stringify(model.snapshot()));
                }}
                return shown;
            }})()"""
        )

    def agrees(self, lines):
        folded = subprocess.run([FOLD], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
        expected = [json.loads(line) for line in folded.stdout.splitlines()]
        shown = [json.loads(text) for text in self.folded_by_the_page(lines)]
        self.assertEqual(len(shown), len(expected))
        for page, model in zip(shown, expected):
            self.assertEqual(to_microseconds(page), to_microseconds(model), f"as of {model['as_of']}")
        return expected

    def test_the_committed_recording_is_folded_alike(self):
        with open(os.path.join(WORKSPACE, "docs/schema/observer-1.recording.jsonl")) as file:
            self.assertGreater(len(self.agrees(file.read().splitlines())), 15)

    def test_events_in_any_order_are_folded_alike(self):
        chance = random.Random(14)
        nothing = {"schema": 1, "as_of": 0, "at": 0, "tree": {"state": "starting"}, "children": [], "newest": []}
        lines = []
        for _ in range(60):
            lines.append(json.dumps(nothing))
            lines += (json.dumps(event) for event in invented(chance, 50))

        expected = self.agrees(lines)

        # It goes on from whatever a snapshot says, too.
        for middle in chance.sample(expected, 20):
            self.agrees([json.dumps(middle)] + [json.dumps(event) for event in invented(chance, 30, middle["as_of"] - 5)])

    def test_runs_of_real_trees_are_folded_alike(self):
        told = set()
        # What is waited for before the tree is stopped. Where nothing happens by itself, nothing is.
        for words, wanted in [([], "restarting"), ([f"{TREES}/crash-loop.toml"], "restarting"), ([f"{TREES}/workers.json"], None),
                              ([f"{TREES}/service.toml"], None), ([f"{TREES}/stubborn.toml"], None)]:
            with self.subTest(words=words):
                told |= self.run_of(["run", *words] if words else [], wanted)
        for name in ["starting", "started", "exited", "restarting", "stopping", "stopped", "escalated", "output", "signal"]:
            self.assertIn(name, told)

    def run_of(self, words, wanted):
        program = self.given(*words, control=True)
        documents = [program.ask("/snapshot")]
        events = program.follow(documents[0]["as_of"])
        if wanted:
            for event in events:
                documents.append(event)
                if event["event"] == wanted:
                    break
        program.interrupt()
        documents += events
        self.agrees([json.dumps(document) for document in documents])
        # The events alone, from the first that came, make a tree as well.
        self.agrees([json.dumps(document) for document in documents[1:]])
        return {document["event"] for document in documents[1:]}


def invented(chance, many, seq=0):
    """Events as no tree would write them: the fold is to take whatever comes, in whatever order."""
    paths = ["root", "root/a", "root/a/x", "root/a/y", "root/b", "root/b/x", "root/b/x/deep", "root/c"]
    statuses = [{"ok": True}, {"error": "it failed"}, {"code": 3}, {"signal": "SIGKILL"}]
    for _ in range(many):
        seq = max(1, seq + chance.choice([1, 1, 1, 1, 0, -3]))
        name, more = chance.choice([
            ("starting", {}), ("starting", {}), ("started", {"pid": chance.randrange(100, 999)}), ("started", {}),
            ("start_failed", {"error": "no such file"}), ("ignored", {}), ("exited", {"status": chance.choice(statuses)}),
            ("restarting", {"attempt": chance.randrange(1, 4), "delay_ms": chance.randrange(3000)}),
            ("gave_up", {"restarts": 3, "within_ms": 5000}), ("signal", {"signal": "SIGINT", "action": "stop"}),
            ("stopping", {"cause": "parent"}), ("stopping", {"cause": "api", "signal": "SIGTERM"}),
            ("escalated", {"to": "SIGKILL"}), ("degraded", {"what": "containment", "reason": chance.choice("xyz")}),
            ("stopped", {"outcome": chance.choice(["graceful", "killed"]), "elapsed_ms": 7, "stragglers": []}),
            ("not_ready", {"elapsed_ms": 10000}), ("retrying", {"error": "not yet", "attempt": 1, "delay_ms": 100}),
            ("draining", {"cause": "signal", "delay_ms": 5000}), ("stalled", {"elapsed_ms": 1000, "thread": "worker-1"}),
            ("guest_panicked", {"panic": "index out of bounds", "location": "src/shop.rs:12"}),
            ("asked", {"with": chance.choice(["SIGINT", "stop command"]), "elapsed_ms": 500}), ("healthy", {}),
            ("unhealthy", {"error": chance.choice(["refused", "tcp 80: refused"]), "failures": chance.randrange(1, 4), "threshold": 3}),
            ("notified", chance.choice([{"said": "serving"}, {"stopping": True}, {"reloading": True}, {"reloaded": True}, {"main_pid": 7}])),
            ("handler_failed", {"handler": "SIGHUP", "error": "panic: a bug"}), ("made_to_crash", {"by": "chaos 3 (seed 7)"}), ("output", {"stream": "stdout", "line": "a line"}),
        ])
        child = {"path": chance.choice(paths), "incarnation": chance.randrange(1, 4), "kind": chance.choice(["task", "process", "supervisor"])}
        yield {"schema": 1, "seq": seq, "at": round(chance.random() * 100, 6), "time": "2026-01-01T00:00:00Z", "event": name, **more, **child}


class Costing(PageTest):
    def test_a_tree_of_500_children_is_shown_and_folded_without_a_long_pause(self):
        page = self.live(self.given())
        page.run(MANY)

        page.until(f"{ROWS}.length > 500")
        burst = "new Promise((resolve) => { const began = performance.now(); burst(1000); render(); requestAnimationFrame(() => resolve(performance.now() - began)); })"
        took = min(page.run(burst) for _ in range(3))

        print(f"\n1000 events in a tree of 500 children are folded and drawn in {took:.0f} ms", flush=True)
        # A third of a second where nothing else runs. What grows with the square of the tree takes longer than this.
        self.assertLess(took, 3000)
        self.picture(page, "many")
        self.assertEqual(page.run(f"{row('root/team-7/worker-7')}.dataset.look"), "running")
        self.assertEqual(page.run("app.model.find('root/team-7/worker-7').incarnation"), 2)


class Drawing(PageTest):
    """Pictures of the timeline, which a browser opens as they are."""

    def drawn(self, svg, name, lanes):
        page = BROWSER.page(width=1280, height=1000)
        self.addCleanup(page.close)
        address = pathlib.Path(svg).resolve().as_uri()
        page.open(address)
        page.until("document.readyState === 'complete' && document.documentElement.tagName === 'svg'")

        self.picture(page, name)
        self.assertEqual(page.complaints(), [])
        self.assertEqual([asked for asked in page.addresses() if asked != address], [], "it asks for nothing")
        self.assertEqual(page.run(OUTSIDE), [])
        self.assertGreaterEqual(page.run("document.querySelectorAll('text').length"), lanes)

    def test_the_picture_of_the_docs_is_shown_whole(self):
        self.drawn(os.path.join(WORKSPACE, "docs/timeline.svg"), "timeline", 5)

    def test_a_picture_of_500_lanes_is_shown_whole(self):
        with tempfile.TemporaryDirectory() as directory:
            events, svg = os.path.join(directory, "events.jsonl"), os.path.join(directory, "many.svg")
            with open(events, "w") as file:
                file.writelines(json.dumps(event) + "\n" for event in run_of_500())
            subprocess.run([DEMO, "timeline", events, "--output", svg], check=True, timeout=60)

            self.drawn(svg, "timeline-500", 500)


def run_of_500():
    """A run in which each of 500 children crashes once, so that each has a lane of its own: in the order of time."""
    for seq, event in enumerate(sorted(children_of_500(), key=lambda event: event["at"]), start=1):
        yield {"schema": 1, "seq": seq, **event}


def children_of_500():
    """The same, but one child's or supervisor's part of the run after the other."""

    def event(at, name, path, kind, incarnation=1, **more):
        time = f"2026-01-01T00:00:{at:09.6f}Z"
        return {"at": round(at, 6), "time": time, "event": name, **more, "path": path, "incarnation": incarnation, "kind": kind}

    children = [f"root/team-{team}/worker-{child} with a name" for team in range(20) for child in range(25)]
    supervisors = ["root", *(f"root/team-{team}" for team in range(20))]
    for number, path in enumerate(supervisors):
        yield event(number / 1000, "starting", path, "supervisor")
    for number, path in enumerate(children):
        yield event(0.1 + number / 1000, "starting", path, "task")
        yield event(0.1 + number / 1000, "started", path, "task")
    for path in reversed(supervisors):
        yield event(1, "started", path, "supervisor")
    for number, path in enumerate(children):
        at = 2 + number / 100
        yield event(at, "exited", path, "task", status={"error": "it was made to fail <&>"})
        yield event(at, "restarting", path, "task", attempt=1, delay_ms=100)
        yield event(at + 0.1, "starting", path, "task", incarnation=2)
        yield event(at + 0.1, "started", path, "task", incarnation=2)
    for path in supervisors:
        yield event(8, "stopping", path, "supervisor", cause="api")
    for number, path in enumerate(children):
        at = 8 + number / 1000
        yield event(at, "stopping", path, "task", incarnation=2, cause="parent")
        yield event(at + 0.001, "stopped", path, "task", incarnation=2, outcome="graceful", status={"ok": True}, elapsed_ms=1, stragglers=[])
    for path in reversed(supervisors):
        yield event(9, "stopped", path, "supervisor", outcome="graceful", elapsed_ms=1000, stragglers=[])


# Every text of a picture of which a part stands outside of it.
OUTSIDE = """(() => {
    const all = document.documentElement.getBoundingClientRect();
    const isOutside = (text) => {
        const box = text.getBoundingClientRect();
        const [wide, high] = [box.left < all.left - 1 || box.right > all.right + 1, box.top < all.top - 1 || box.bottom > all.bottom + 1];
        return box.width > 0 && (wide || high);
    };
    return Array.from(document.querySelectorAll("text")).filter(isOutside).map((text) => text.textContent);
})()"""

# The connection is lost, and nothing answers until it is mended.
CUT = """
    const connect = window.fetch;
    const open = [];
    let isCut = false;
    window.fetch = (path, how = {}) => {
        if (isCut) return Promise.reject(new TypeError("cut"));
        const abort = new AbortController();
        how.signal?.addEventListener("abort", () => abort.abort());
        open.push(abort);
        return connect(path, { ...how, signal: abort.signal });
    };
    window.cut = () => { isCut = true; for (const abort of open.splice(0)) abort.abort(); };
    window.mend = () => { isCut = false; };
"""

# A look that is faster than the events that it tells of.
LOOK_AHEAD = """(async () => {
    const real = take;
    const held = [];
    take = (event) => held.push(event);
    while (!held.length) await new Promise((resolve) => setTimeout(resolve, 20));
    await lookAgain();
    const isAhead = app.ahead !== null;
    take = real;
    held.forEach(take);
    return isAhead;
})()"""

# A tree of 500 children beside the real one, and events that come all at once.
MANY = """
    let made = app.model.asOf;
    const invent = (event, path, more = {}) => take({ seq: ++made, at: now(), time: "", event, path, incarnation: 1, kind: "task", ...more });
    for (let team = 0; team < 20; team++) {
        invent("starting", `root/team-${team}`, { kind: "supervisor" });
        invent("started", `root/team-${team}`, { kind: "supervisor" });
        for (let child = 0; child < 25; child++) {
            invent("starting", `root/team-${team}/worker-${child}`);
            invent("started", `root/team-${team}/worker-${child}`);
        }
    }
    burst = (events) => {
        for (let n = 0; n < events / 4; n++) {
            const path = `root/team-${n % 20}/worker-${n % 25}`;
            invent("exited", path, { status: { error: "it was made to fail" } });
            invent("restarting", path, { attempt: 1, delay_ms: 0 });
            invent("starting", path, { incarnation: 2 });
            invent("started", path, { incarnation: 2 });
        }
    };
    0;
"""

# Every text that is shown and stands out less than WCAG's 4.5 : 1 from what is behind it.
CONTRAST = """(() => {
    const parsed = (colour) => {
        const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
        return { r, g, b, a };
    };
    const light = ({ r, g, b }) => {
        const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
        for (let up = element; up; up = up.parentElement) {
            const colour = parsed(getComputedStyle(up).backgroundColor);
            if (colour.a === 1) return colour;
        }
        return { r: 255, g: 255, b: 255 };
    };
    const weak = [];
    for (const element of document.querySelectorAll("body *")) {
        const hasText = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.textContent.trim());
        if (!hasText || !element.offsetParent || element.closest("option, script, .unseen")) continue;
        const [one, other] = [light(parsed(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
        const ratio = (one + 0.05) / (other + 0.05);
        if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${element.className || element.id || element.tagName}: ${element.textContent.slice(0, 30)}`);
    }
    return Array.from(new Set(weak));
})()"""


if __name__ == "__main__":
    unittest.main()
