"""The web phone in a real browser, against the real daemon with a simulated PBX.

Long, because a browser takes its time to start: it is started once for all that is asked of the page.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tests.e2e.gateway import Gateway, error

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 8


def _no_browser(reason: str) -> NoReturn:
    """Continuous integration must have a browser; a person need not."""
    text = f"the web phone is tested in a browser: {reason}"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium: that of the system, else the one that Playwright brings."""
    try:
        from playwright.sync_api import Error, expect, sync_playwright
    except ImportError:
        _no_browser("playwright is not installed")
    expect.set_options(timeout=SECONDS * 1000)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    problem = ""
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        except Error as refusal:
            problem = str(refusal).splitlines()[0]
        else:
            yield running
            running.close()
    if problem:
        _no_browser(f"no Chromium could be started (install the system's, or run `playwright install chromium`): {problem}")


class Phone:
    """A page that shows one device, as its user sees it."""

    def __init__(self, page: Page, device: str) -> None:
        self.page = page
        self.device = device
        self.calls = page.locator("#calls > .call:not(.ended)")
        self.ended = page.locator("#calls > .call.ended")
        self.banner = page.locator("#banner")

    def is_(self, phase: str) -> None:
        """Wait until the page stands so."""
        self.page.locator(f"html[data-phase={phase}]").wait_for()

    def part(self, state: str, other: str | None = None) -> Locator:
        """A live call in that state (with that party)."""
        return self.calls.locator(f".part[data-state={state}]", has_text=other)

    def has(self, state: str, other: str | None = None) -> None:
        """Wait for a live call in that state (with that party)."""
        self.part(state, other).first.wait_for()

    def dial(self, number: str) -> None:
        self.page.get_by_label("Number", exact=True).fill(number)
        self.page.get_by_role("button", name="Dial").click()

    def button(self, service: str) -> Locator:
        return self.calls.locator(f"[data-service={service}]")

    def press(self, service: str, number: str | None = None) -> None:
        """Click the button of a service; give the number that it asks for."""
        self.button(service).click()
        if number is not None:
            self.calls.locator(".ask input").fill(number)
            self.calls.locator(".ask button[type=submit]").click()

    def says(self, text: str) -> None:
        """Wait until a call, live or ended, contains the text."""
        self.page.locator("#calls", has_text=text).wait_for()

    @property
    def services(self) -> list[set[str]]:
        """The services that each live call offers."""
        offered = "cards => cards.map(card => [...card.querySelectorAll('[data-service]')].map(one => one.dataset.service))"
        return [set(services) for services in self.calls.evaluate_all(offered)]


class Desk:
    """A gateway, and people who open phones: each in a window of his own, because a browser slows hidden pages down."""

    def __init__(self, gateway: Gateway, browser: Browser) -> None:
        self.gateway = gateway
        self.browser = browser
        self.windows: list[BrowserContext] = []
        #: what pages complained about, but for answers that did not come
        self.complaints: list[str] = []

    def page(self, path: str) -> Page:
        self.windows.append(self.browser.new_context(viewport={"width": 1000, "height": 700}))
        page = self.windows[-1].new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        page.on("console", lambda said: self._console(said.type, said.text))
        page.goto(f"http://127.0.0.1:{self.gateway.web}{path}")
        return page

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith("Failed to load resource: net::"):
            self.complaints.append(text)

    def phone(self, device: str) -> Phone:
        """A phone that is in service."""
        phone = Phone(self.page(f"/phone?device={device}"), device)
        phone.is_("live")
        return phone

    def phones(self, *devices: str) -> tuple[Phone, ...]:
        return tuple(map(self.phone, devices))

    def talk(self, caller: str = "1101", called: str = "1102") -> tuple[Phone, Phone]:
        """Two phones in a call."""
        one, other = self.phone(caller), self.phone(called)
        one.dial(called)
        other.press("answerCall")
        one.has("connected", called)
        other.has("connected", caller)
        return one, other


@pytest.fixture
def open_desk(browser: Browser) -> Iterator[Callable[[Gateway], Desk]]:
    """Desks in windows of their own; no page may have complained."""
    desks: list[Desk] = []

    def open_one(gateway: Gateway) -> Desk:
        desks.append(Desk(gateway, browser))
        return desks[-1]

    yield open_one
    for desk in desks:
        for window in desk.windows:
            window.close()
        assert desk.complaints == []


@pytest.fixture
def desk(tmp_path: Path, open_desk: Callable[[Gateway], Desk]) -> Iterator[Desk]:
    """A desk at a demo gateway."""
    with Gateway(tmp_path) as gateway:
        yield open_desk(gateway)


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for something that no page shows."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.02)


def sessions(gateway: Gateway) -> list[str]:
    """The devices that have a session."""
    return re.findall(r'"device": "(\d+)"', gateway.get("/sessions")[1].decode())


def permitted(gateway: Gateway, device: str) -> list[set[str]]:
    """What the gateway permits for each call of the device. (The service for adding a party has no word there.)"""
    answer = gateway.post("snapshot", deviceNumber=device)
    found = []
    for call in re.findall(r"<call>.*?</call>", answer):
        services = re.search(r"<permittedServices>(.*)</permittedServices>", call)
        states = re.findall(r"<state><(\w+)/></state>", call)
        extra = {"addPartyToCall"} if states in (["connected"], ["hold"]) else set()
        found.append(set(re.findall(r"<(\w+)/>", services[1] if services else "")) | extra)
    return found


# -- calls


def test_given_two_phones_when_one_calls_the_other_then_both_follow_the_call_to_its_end(desk: Desk) -> None:
    """The plain call: dialled, answered, held, retrieved and dropped by clicking."""
    one, other = desk.phones("1101", "1102")
    one.dial("1102")
    one.has("delivered", "1102")
    other.has("alerting", "1101")
    until(lambda: other.page.title().startswith("Call from 1101 "), "the title")
    other.press("answerCall")
    one.has("connected", "1102")
    one.press("holdCall")
    one.has("hold")
    other.says("put on hold by the other party")
    one.press("retrieveCall")
    one.has("connected")
    other.says("taken back by the other party")
    one.press("dropCall")
    one.ended.wait_for()
    other.ended.get_by_text("the other party hung up").wait_for()
    stopped = other.ended.locator(".clock").text_content()
    other.page.locator(".ended.fading").wait_for()
    assert other.ended.locator(".clock").text_content() == stopped
    other.ended.wait_for(state="detached")
    other.page.get_by_text("No calls").wait_for()


def test_given_a_call_when_it_lasts_then_its_clock_runs_without_the_gateway_also_on_hold(desk: Desk) -> None:
    """Between two snapshots only the page knows the time."""
    one, _ = desk.talk()
    clock = one.calls.locator(".clock")
    clock.get_by_text("0:01").wait_for()
    one.press("holdCall")
    one.has("hold")
    clock.get_by_text(re.compile("0:0[3-9]")).wait_for()


def test_given_a_call_when_a_third_is_consulted_and_the_calls_alternated_then_a_transfer_joins_the_others(desk: Desk) -> None:
    """The attendant's daily work."""
    one, two, three = *desk.talk(), desk.phone("1103")
    one.press("consultationCall", "1103")
    one.has("hold", "1102")
    one.has("delivered", "1103")
    three.press("answerCall")
    one.has("connected", "1103")
    one.press("alternateCall")
    one.has("connected", "1102")
    one.has("hold", "1103")
    one.press("alternateCall")
    one.has("connected", "1103")
    one.press("transferCall")
    one.ended.locator(".part >> nth=1").wait_for()
    two.has("connected", "1103")
    three.has("connected", "1102")
    three.says("transferred by 1101")


def test_given_a_consultation_when_all_are_joined_and_a_fourth_is_added_then_everybody_is_shown(desk: Desk) -> None:
    """Conference, single-step conference, and leaving it."""
    one, two, three = *desk.talk(), desk.phone("1103")
    one.press("consultationCall", "1103")
    three.press("answerCall")
    one.press("conferenceCall")
    one.says("with 1103")
    one.calls.get_by_text("In conference").wait_for()
    assert one.calls.locator(".part").count() == 1
    three.calls.get_by_text("In conference").wait_for()
    four = desk.phone("1104")
    one.press("addPartyToCall", "1104")
    four.press("answerCall")
    one.says("with 1103, 1104")
    one.press("dropCall")
    one.ended.wait_for()
    two.calls.get_by_text("In conference").wait_for()


def test_given_a_consultation_when_the_consulted_party_hangs_up_then_its_end_is_shown_and_the_held_call_can_be_taken_back(
    desk: Desk,
) -> None:
    """A snapshot has no word for a part that is gone; the page has."""
    one, _, three = *desk.talk(), desk.phone("1103")
    one.press("consultationCall", "1103")
    three.press("answerCall")
    one.has("connected", "1103")
    three.press("dropCall")
    one.ended.get_by_text("1103").wait_for()
    one.has("hold", "1102")
    one.press("retrieveCall")
    one.has("connected", "1102")


def test_given_a_consultation_when_it_is_given_up_then_the_first_call_is_connected_again(desk: Desk) -> None:
    """reconnectCall while the consulted phone rings."""
    one, _, three = *desk.talk(), desk.phone("1103")
    one.press("consultationCall", "1103")
    three.has("alerting", "1101")
    one.press("reconnectCall")
    one.has("connected", "1102")
    three.ended.wait_for()


def test_given_a_ringing_call_when_it_is_diverted_then_it_rings_elsewhere_and_says_where_it_was(desk: Desk) -> None:
    """Deflection, and the parties that had a hand in it."""
    one, two, three = desk.phones("1101", "1102", "1103")
    one.dial("1102")
    two.press("divertCall", "1103")
    three.has("alerting", "1101")
    three.says("called 1102")
    three.says("sent on by 1102")
    two.ended.get_by_text("diverted").wait_for()


def test_given_a_connected_call_when_it_is_diverted_then_the_other_party_rings_there(desk: Desk) -> None:
    """The single-step transfer."""
    _, two, three = *desk.talk(), desk.phone("1103")
    two.press("divertCall", "1103")
    three.has("alerting", "1101")
    two.ended.wait_for()


def test_given_two_calls_when_buttons_of_one_are_pressed_then_that_one_is_meant(desk: Desk) -> None:
    """Every request says which of several calls it is about."""
    one = desk.phone("1101")
    desk.gateway.act("1102", "dial", number="1101")
    desk.gateway.act("1103", "dial", number="1101")
    one.has("alerting", "1102")
    one.has("alerting", "1103")
    second = one.calls.filter(has_text="1103")
    second.locator("[data-service=answerCall]").click()
    one.has("connected", "1103")
    one.has("alerting", "1102")
    second.locator("[data-service=holdCall]").click()
    one.has("hold", "1103")
    one.calls.filter(has_text="1102").locator("[data-service=answerCall]").click()
    one.has("connected", "1102")
    # an active and a held call in two elements: joined like a consultation
    second.locator("[data-service=alternateCall]").click()
    one.has("connected", "1103")
    one.has("hold", "1102")
    second.locator("[data-service=transferCall]").click()
    one.page.locator("#calls > .call.ended >> nth=1").wait_for()
    assert one.calls.count() == 0


def test_given_any_state_of_a_call_then_its_buttons_are_its_permitted_services(desk: Desk) -> None:
    """The gateway decides what is offered, the page adds nothing but adding a party."""
    one, two, three = desk.phones("1101", "1102", "1103")

    def same(phone: Phone, *states: str) -> None:
        for state in states:
            phone.has(state)
        wanted = permitted(desk.gateway, phone.device)
        assert phone.services == wanted
        assert all(wanted), (phone.device, states)

    one.dial("1102")
    same(one, "delivered")
    same(two, "alerting")
    two.press("answerCall")
    same(one, "connected")
    same(two, "connected")
    one.press("holdCall")
    same(one, "hold")
    one.press("retrieveCall")
    one.has("connected")
    one.press("consultationCall", "1103")
    same(one, "hold", "delivered")
    three.press("answerCall")
    same(one, "hold", "connected")
    one.press("holdCall")
    one.part("hold", "1103").wait_for()
    assert one.services == permitted(desk.gateway, "1101") == [{"retrieveCall"}]
    # two calls can be meant: one button for each
    one.calls.get_by_role("button", name="Retrieve 1102").click()
    one.has("connected", "1102")
    one.press("conferenceCall")
    one.calls.get_by_text("In conference").wait_for()
    assert one.services == [{"holdCall", "dropCall", "consultationCall", "addPartyToCall"}]
    one.press("dropCall")
    one.dial("1199")
    same(one, "failed")
    one.says("number cannot be reached")


def test_given_a_withheld_number_when_it_calls_then_the_call_is_shown_and_can_be_answered(desk: Desk) -> None:
    """`*****-` and a reference is no number to be shown, but one to answer by."""
    two = desk.phone("1102")
    desk.gateway.control("external_call", to="1102")
    desk.gateway.control("external_call", to="1102", **{"from": "0160127764"})
    two.has("alerting", "0160127764")
    withheld = two.calls.filter(has_text="withheld")
    assert "*" not in withheld.inner_text()
    withheld.locator("[data-service=answerCall]").click()
    two.has("connected", "withheld")
    two.has("alerting", "0160127764")


def test_given_numbers_and_data_with_markup_then_they_are_shown_as_text(desk: Desk) -> None:
    """Whoever calls does not write this page."""
    one = desk.phone("1101")
    markup = "<img,src=x,onerror=x>"
    desk.gateway.control("external_call", to="1101", **{"from": markup})
    one.has("alerting", markup)
    data = "&lt;b&gt;order &amp;amp; 7&lt;b&gt;"
    assert "standard" in desk.gateway.ask("makeCall", deviceNumber="1102", calledDeviceNumber="1101", extraData=data)
    one.calls.get_by_text("Data: <b>order &amp; 7<b>").wait_for()
    one.dial("]]></x>&<1102>")
    one.calls.filter(has_text="]]><x>&<1102>").or_(one.page.locator("#dial-error:visible")).first.wait_for()
    assert one.page.locator("#calls img, #calls b").count() == 0


CALL = """<call><id>7</id>
<primCall><state><connected/></state>
<otherParty><number>0160127764</number><name>Martin Jagger</name><numberType><work/></numberType>
<company>Uni &amp; Gone</company></otherParty>
<addedParties><otherParty><number>1105</number><name>Ada</name></otherParty><otherParty><number>*****-9</number></otherParty></addedParties>
<firstOtherParty><number>1106</number></firstOtherParty><firstCalledParty><number>0169000000</number></firstCalledParty>
<lastRedirectionParty><number>1107</number><name>Reception</name></lastRedirectionParty>
<duration>3723</duration><isOutgoing><false/></isOutgoing><isConference><true/></isConference><cause><route/></cause><unheard/></primCall>
<secCall><state><cleared/></state><otherParty><number>1108</number></otherParty><duration>5</duration><isOutgoing><true/></isOutgoing>
<isConference><false/></isConference><cause><busy/></cause></secCall>
<permittedServices><dropCall/><unheardCall/></permittedServices><extraData>order 7</extraData></call>"""


def test_given_everything_that_a_call_can_carry_then_it_is_shown_and_the_unknown_is_passed_over(desk: Desk) -> None:
    """Names, companies and the parties before; and a second call whose end comes with the first that goes on."""
    page = desk.page("/phone")
    told = f"<TelServiceReturn><result><snapshot><snapshotSeq>1</snapshotSeq><calls>{CALL}</calls></snapshot></result></TelServiceReturn>"
    answering(page, "snapshot", told)
    page.goto(page.url + "?device=1101")
    phone = Phone(page, "1101")
    phone.has("connected", "Martin Jagger")
    text = phone.ended.or_(phone.calls).all_inner_texts()
    lines = [line for card in text for line in card.splitlines() if line]
    assert lines[:2] == ["In conference", "incoming"]
    assert re.fullmatch(r"1:02:0\d", lines[2])
    assert lines[3:] == [
        "Martin Jagger",
        "0160127764",
        "Uni & Gone · with Ada (1105), withheld · called 0169000000 · sent on by Reception (1107) · about 1106",
        "Routed by a service",
        "Data: order 7",
        "Add party…",
        "p",
        "Drop",
        "d",
        "Ended",
        "outgoing",
        "0:05",
        "1108",
        "Busy",
    ]


# -- what is set at the device


def test_given_a_phone_when_features_change_here_or_there_then_the_page_shows_them(desk: Desk) -> None:
    """Do not disturb, lamp and the nine kinds of forwarding."""
    one = desk.phone("1101")
    page = one.page
    switch = page.get_by_role("switch", name="Do not disturb")
    switch.click()
    page.locator("#disturb[aria-checked=true]").wait_for()
    desk.gateway.act("1101", "do_not_disturb", state="off")
    page.locator("#disturb[aria-checked=false]").wait_for()
    page.get_by_text("No messages").wait_for()
    desk.gateway.control("message_waiting", device="1101", state="on")
    page.get_by_text("Message waiting").wait_for()
    types = page.locator("#forward-type option").evaluate_all("all => all.map(one => one.value)")
    assert len(types) == 9
    for count, kind in enumerate(types, 2):
        page.get_by_label("Forward", exact=True).select_option(kind)
        page.get_by_label("to number").fill(f"11{count:02}")
        page.get_by_role("button", name="Set").click()
        page.locator(f"#forwards li[data-type={kind}]", has_text=f"11{count:02}").wait_for()
    page.get_by_role("button", name="Switch off: No answer to 1104").click()
    page.locator("#forwards li[data-type=noAnswer]").wait_for(state="detached")
    assert page.locator("#forwards li").count() == 8
    desk.gateway.act("1101", "forward", type="immediate", number="1130")
    page.locator("#forwards li[data-type=immediate]", has_text="1130").wait_for()


# -- refusals


ERRORS = {
    "pbxlinkOutOfService": "The link to the telephone system is out of service.",
    "pbxReject": "The telephone system refuses this.",
    "pbxTimeout": "The telephone system did not answer in time.",
    "noCall": "There is no call any more for which this can be done.",
    "noOpenSession": "The gateway no longer follows this phone.",
    "sessionLimitExceeded": "The gateway follows as many phones as it may.",
    "reject": "The gateway does not accept this.",
    "invalidCredentials": "User or password is wrong.",
    "resourceError": "The gateway is overloaded. Please try again in a moment.",
}


def answering(page: Page, service: str, *answers: str) -> None:
    """The next requests of that service are answered with these; everything else, and later ones, by the gateway."""
    left = list(answers)

    def answer(route: Any) -> None:
        if left and f"<{service}>" in (route.request.post_data or ""):
            route.fulfill(status=200, content_type="text/xml", body=left.pop(0))
        else:
            route.continue_()

    page.route("**/telservices", answer)


def test_given_a_request_when_it_is_refused_then_the_reason_is_said_beside_it_and_nothing_typed_is_lost(desk: Desk) -> None:
    """All nine errors."""
    one, _ = desk.talk()
    codes = list(ERRORS)
    # a lost session is opened and the request repeated: refused for good only the second time
    codes.insert(codes.index("noOpenSession"), "noOpenSession")
    answering(one.page, "makeCall", *map(error, codes))
    for text in ERRORS.values():
        one.dial("1105")
        one.page.locator("#dial-error", has_text=f"1105: {text}").wait_for()
        assert one.page.get_by_label("Number", exact=True).input_value() == "1105"
    answering(one.page, "consultationCall", error("pbxReject"))
    one.press("consultationCall", "1103")
    one.calls.locator(".error", has_text="Consult: The telephone system refuses this.").wait_for()
    assert one.calls.locator(".ask input").input_value() == "1103"
    one.calls.locator(".ask button[type=submit]").click()
    one.has("delivered", "1103")
    page = one.page
    answering(page, "forward", error("pbxReject"))
    page.get_by_label("to number").fill("1104")
    page.get_by_role("button", name="Set").click()
    page.locator("#features-error", has_text="Forward: The telephone system refuses this.").wait_for()
    assert page.get_by_label("to number").input_value() == "1104"


def test_given_a_session_that_was_lost_when_a_button_is_pressed_then_it_is_opened_again_and_the_request_done(desk: Desk) -> None:
    """noOpenSession means that nothing was done: it may be asked again."""
    one, _ = desk.talk()
    answering(one.page, "holdCall", error("noOpenSession"))
    one.press("holdCall")
    one.has("hold")
    assert one.calls.locator(".error:visible").count() == 0


# -- session, link and network


def test_given_a_phone_when_its_link_is_lost_then_the_page_says_so_until_it_is_back(desk: Desk) -> None:
    """Also a page that is opened while the link is down."""
    one, _ = desk.talk()
    desk.gateway.control("faults", {"link": "down"})
    one.is_("linkDown")
    one.banner.get_by_text("The link to the telephone system is out of service").wait_for()
    one.dial("1103")
    one.page.locator("#dial-error", has_text="out of service").wait_for()
    # it joins a session that is open already, and nobody has told it
    one.page.reload()
    one.is_("linkDown")
    # here there was no session to join
    new = Phone(desk.page("/phone?device=1105"), "1105")
    new.is_("linkDown")
    desk.gateway.control("faults", {"link": "up"})
    one.is_("live")
    new.is_("live")
    one.banner.wait_for(state="hidden")
    one.has("connected", "1102")


def test_given_a_call_when_the_gateway_is_killed_and_started_again_then_the_page_recovers_by_itself(desk: Desk) -> None:
    """The calls were those of the simulated PBX: they are gone with it."""
    one, _ = desk.talk()
    desk.gateway.stop(signal.SIGKILL)
    one.is_("unreachable")
    one.banner.get_by_text("Gateway not reachable, trying again").wait_for()
    one.dial("1102")
    one.page.locator("#dial-error", has_text="not reachable").wait_for()
    desk.gateway.start()
    one.is_("live")
    one.banner.wait_for(state="hidden")
    one.page.get_by_text("No calls").wait_for()
    one.dial("1102")
    one.has("delivered", "1102")


def test_given_a_network_that_is_lost_for_a_moment_then_what_ended_meanwhile_is_still_told(desk: Desk) -> None:
    """The number of the last snapshot is kept."""
    one, _ = desk.talk()
    one.page.context.set_offline(True)
    one.is_("unreachable")
    desk.gateway.act("1102", "hang_up")
    one.page.context.set_offline(False)
    one.is_("live")
    one.ended.get_by_text("the other party hung up").wait_for()


def test_given_a_session_closed_by_the_administrator_then_it_is_opened_again(desk: Desk) -> None:
    """noOpenSession at the next poll."""
    one, _ = desk.talk()
    assert desk.gateway.web_request("DELETE", "/sessions/1101")[0] == 200
    until(lambda: desk.gateway.log.read_text().count('"session_opened", "part": "sessions", "device": "1101"') == 2, "opened again")
    one.is_("live")
    one.press("holdCall")
    one.has("hold")


def test_given_a_phone_when_it_is_loaded_again_then_its_session_stays_and_when_it_is_closed_the_session_goes(desk: Desk) -> None:
    """closeSession waits three seconds for a page that is loaded again."""
    one = desk.phone("1101")
    one.page.reload()
    one.is_("live")
    one.page.goto("about:blank")
    assert sessions(desk.gateway) == ["1101"]
    until(lambda: sessions(desk.gateway) == [], "the session is closed")
    log = desk.gateway.log.read_text()
    assert log.count('"session_opened"') == 1
    assert "sessionClosedByClient" in log


def test_given_two_pages_of_one_phone_when_one_is_closed_then_the_other_goes_on(desk: Desk) -> None:
    """Both are one client to the gateway: who closes the session closes it for both."""
    one, same = desk.phones("1101", "1101")
    one.page.goto("about:blank")
    until(lambda: desk.gateway.log.read_text().count('"session_opened"') == 2, "opened again")
    same.is_("live")
    same.dial("1102")
    same.has("delivered", "1102")


def test_given_a_gateway_that_asks_for_a_user_when_the_right_one_signs_in_then_the_phone_is_followed(
    tmp_path: Path, open_desk: Callable[[Gateway], Desk]
) -> None:
    """The first openSession of a device may need the administrator."""
    config = """
telservices: {listen: "127.0.0.1:@PORT@"}
web: {listen: "127.0.0.1:@WEB@"}
sessions: {authentication: {administrator: {user_id: admin, password: 's<e>cret'}}}
links: {pbx: {driver: simulated, devices: ["1101-1130"]}}
state: {state_directory: state}
"""
    with Gateway(tmp_path, config) as gateway:
        phone = Phone(open_desk(gateway).page("/phone?device=1101"), "1101")
        phone.is_("signIn")
        for password in ("wrong", "s<e>cret"):
            phone.page.get_by_label("User").fill("admin")
            phone.page.get_by_label("Password").fill(password)
            phone.page.get_by_role("button", name="Sign in").click()
            if password == "wrong":
                phone.page.get_by_text("User or password is wrong.").wait_for()
        phone.is_("live")
        assert not phone.page.get_by_label("Password").is_visible()


def test_given_a_number_that_is_no_phone_then_the_page_says_so(desk: Desk) -> None:
    """And another one can be chosen."""
    wrong = Phone(desk.page("/phone?device=4711"), "4711")
    wrong.is_("refused")
    wrong.banner.get_by_text("does not know this phone").wait_for()
    wrong.page.get_by_role("link", name="Another phone").click()
    wrong.page.get_by_label("Device number").fill("1101")
    wrong.page.keyboard.press("Enter")
    wrong.is_("live")
    assert wrong.page.url.endswith("/phone?device=1101")


# -- how it is used


def test_given_only_a_keyboard_then_everything_can_be_done(desk: Desk) -> None:
    """Single keys act on calls, Tab reaches every button, and the focus is never lost."""
    one, two = desk.phones("1101", "1102")
    keys = one.page.keyboard
    keys.press("/")
    keys.type("1102")
    keys.press("Enter")
    two.has("alerting")
    two.page.keyboard.press("a")
    one.has("connected")
    keys.press("h")
    one.has("hold")
    keys.press("h")
    one.has("connected")
    keys.press("c")
    assert one.page.evaluate("document.activeElement.tagName") == "INPUT"
    keys.type("da")
    keys.press("Escape")
    one.calls.locator(".ask").wait_for(state="detached")
    assert one.page.evaluate("document.activeElement.dataset.service") == "consultationCall"
    keys.press("Enter")
    keys.type("1103")
    keys.press("Enter")
    one.has("delivered", "1103")
    keys.press("t")
    one.ended.wait_for()
    two.has("connected", "1103")
    reached = []
    while True:
        keys.press("Tab")
        if one.page.evaluate("document.activeElement === document.body"):
            break
        reached.append(one.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        assert one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", reached
    assert reached == ["disturb", "forward-type", "forward-number", "Set", "Keyboard", "Another phone"]


def test_given_a_focused_button_when_its_service_goes_then_the_focus_stays_at_the_call(desk: Desk) -> None:
    """Neither lost nor on another button, which a second key press would trigger."""
    one, _ = desk.talk()
    one.button("holdCall").focus()
    one.page.keyboard.press("Enter")
    one.has("hold")
    until(lambda: one.page.evaluate("document.activeElement.matches('.call')"), "the focus is at the call")
    one.page.keyboard.press("Tab")
    assert one.page.evaluate("document.activeElement.dataset.service") == "retrieveCall"


def test_given_shortcuts_switched_off_then_keys_do_nothing_also_after_loading_again(desk: Desk) -> None:
    """For those whose computer types by itself."""
    one, _ = desk.talk()
    one.page.get_by_text("Keyboard").click()
    one.page.get_by_label("Single keys act on calls").uncheck()
    one.page.reload()
    one.has("connected")
    one.page.keyboard.press("d")
    one.page.keyboard.press("/")
    one.press("holdCall")
    one.has("hold")
    assert one.ended.count() == 0
    assert one.page.evaluate("document.activeElement.tagName") != "INPUT"


def test_given_a_call_when_it_changes_then_a_screen_reader_is_told(desk: Desk) -> None:
    """Changes only: a clock that runs is not read out."""
    two = desk.phone("1102")
    voice = two.page.locator("#voice[aria-live=polite]")
    desk.gateway.control("external_call", to="1102")
    voice.get_by_text("Incoming call from a withheld number").wait_for()
    two.press("answerCall")
    voice.get_by_text("Call with a withheld number: Connected").wait_for()


def test_given_a_narrow_screen_and_long_texts_then_nothing_is_cut_off(desk: Desk) -> None:
    """360 pixels, a number as long as a line, and data as long as a page."""
    one = desk.phone("1101")
    one.page.set_viewport_size({"width": 360, "height": 740})
    desk.gateway.control("external_call", to="1101", **{"from": "0" * 90})
    one.has("alerting", "0" * 90)
    desk.gateway.ask("makeCall", deviceNumber="1102", calledDeviceNumber="1101", extraData="W" * 400)
    one.has("alerting", "1102")
    desk.gateway.act("1101", "forward", type="noAnswerExt", number="0" + "1" * 60)
    one.page.locator("#forwards li").wait_for()
    for scheme in ("light", "dark"):
        one.page.emulate_media(color_scheme=scheme)
        assert one.page.evaluate("document.documentElement.scrollWidth") <= 360
