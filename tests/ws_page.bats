#!/usr/bin/env bats
# The page of ws_chat in a browser: Chromium without a window, driven by tests/peers/browser. Two windows talk; all of it
# goes by keyboard; a phone's width is enough; contrast; nothing that others write is taken for HTML; it connects anew.

# helper.bash sets pid and port; each test is a subshell.
# shellcheck disable=SC2154,SC2030,SC2031

load helper

# A file: a function of that name (this one had it once) is no browser.
find_chromium() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        type -P "$name" && return
    done
    return 1
}

setup() {
    setup_started
    export NETSTEP_TIMEOUT_SCALE=${NETSTEP_TIMEOUT_SCALE:-6} # a browser takes its time on a busy machine
    chromium=$(find_chromium) || skip "no Chromium here: ./setup --dev installs it"
    perl -MJSON::PP -e 1 2>/dev/null || skip "perl's JSON::PP is missing"
    export HOME=$T # where it would leave its caches
}

room() { # [PORT]
    start_listening room ws_chat -q "${1:-0}"
    room_pid=$pid
}

# A browser starts slowly where much else runs.
browse() {
    run_for 170 browser "$ROOT/tests/peers/browser" "$chromium" "$T/profile" "http://127.0.0.1:$port/" "$@"
    assert_equal "$status" 0 'exit status of browser' || fail "$(cat "$T/browser.err")" "$(tail -n 3 "$T/profile.log")"
}

# JavaScript: the texts of all elements of that class, and the one that has the focus.
texts() { printf '[...document.querySelectorAll("%s .text")].map(e => e.textContent).join("|")' "$1"; }
focused='document.activeElement'

@test "two windows talk: to all, to one, names, who is here; and netstat shows both connections" {
    room
    browse 'one open' 'one wait me === "guest1"' 'two open' 'two wait me === "guest2"' \
        'one wait here.size === 2' 'two wait here.size === 2' \
        'one type hello, wörld ☃' 'one key Enter' \
        "two wait $(texts .message) === 'hello, wörld ☃'" "one wait $(texts .own) === 'hello, wörld ☃'" "two is $(texts .own) === ''" \
        'two type /msg guest1 for you alone' 'two key Enter' \
        "one wait $(texts .private) === 'for you alone'" "two wait $(texts .own.private) === 'for you alone'" \
        'two type /name zoë' 'two key Enter' 'two wait me === "zoë" && document.getElementById("name").value === "zoë"' \
        'one wait names.innerText.includes("zoë") && !names.innerText.includes("guest2")' \
        'two type /who' 'two key Enter' 'two wait document.getElementById("log").innerText.match(/here: (guest1, zoë|zoë, guest1)/)' \
        'two type /leave' 'two key Enter' 'two wait document.getElementById("said").textContent.startsWith("You have left")' \
        'one wait here.size === 1' 'one is rows.rows.length > 5' 'two is !again.hidden'
    [ -n "$(rows_at "$port" LISTEN)" ] || fail "netstat shows no LISTEN on port $port"
}

@test "what others write stays text: no HTML, no script, no line of the server's" {
    beyond_sample
    room
    browse 'one open' 'one wait me === "guest1"' 'two open' 'two wait me === "guest2"' \
        'one type <img src=x onerror="window.broken=1"><script>window.broken=1</script><b>bold</b>' 'one key Enter' \
        "two wait $(texts .message).includes('<b>bold</b>')" \
        'two is !document.querySelector("#log b:not(.who b), #log img, #log script") && !window.broken' \
        'one type * guest2 has left' 'one key Enter' "two wait $(texts .message).endsWith('* guest2 has left')" 'two is here.has("guest2")' \
        'one type guest2 (to you): fooled' 'one key Enter' "two wait $(texts .message).endsWith('fooled')" \
        'two is !document.querySelector(".private")'
}

@test "by keyboard alone: the focus can be seen, everything can be reached, a name begins a private message" {
    beyond_sample
    room
    browse 'two open' 'two wait me === "guest1"' 'one open' 'one wait me === "guest2"' 'one wait here.size === 2' \
        "one is $focused.id === 'text'" \
        'one key Tab' "one is $focused.textContent === 'Send'" \
        'one key Tab' "one is $focused.textContent === 'guest1'" "one is getComputedStyle($focused).outlineStyle === 'solid'" \
        'one key Space' "one is $focused.id === 'text' && $focused.value === '/msg guest1 '" \
        'one type psst' 'one key Enter' "two wait $(texts .private) === 'psst'" \
        'one key Shift+Tab' "one is $focused.id === 'log' && getComputedStyle($focused).outlineStyle === 'solid'" \
        'one key Shift+Tab' "one is $focused.textContent === 'Change'" \
        'one key Shift+Tab' "one is $focused.id === 'name' && getComputedStyle($focused).outlineStyle === 'solid'" \
        'one is (document.getElementById("name").select(), true)' 'one type ada' 'one key Enter' 'one wait me === "ada"' \
        "one is $focused.id === 'text'" 'one key Tab' 'one key Tab' 'one key Tab' "one is $focused.localName === 'summary'" \
        'one key Enter' 'one wait document.getElementById("frames").open'
}

@test "for a screen reader: a log, a state, a label for each field" {
    beyond_sample
    room
    browse 'one open' 'one wait me === "guest1"' \
        'one is log.getAttribute("role") === "log" && log.getAttribute("aria-live") === "polite" && said.getAttribute("role") === "status"' \
        'one is [...document.querySelectorAll("input")].every(field => field.labels.length === 1 && field.labels[0].textContent.trim())' \
        'one is [...document.querySelectorAll("button")].every(button => button.textContent.trim() || button.getAttribute("aria-label"))' \
        'one is document.documentElement.lang === "en" && document.title === "netstep chat"'
}

@test "on a phone's width nothing is beside the screen, and with long words neither" {
    beyond_sample
    room
    local wide='document.documentElement.scrollWidth'
    browse 'one open' 'one size 320x568' 'one wait me === "guest1"' "one is $wide === 320" \
        "one type $(printf 'w%.0s' {1..300})" 'one key Enter' "one wait $(texts .message).length === 300" "one is $wide === 320" \
        'one is log.scrollWidth <= log.clientWidth && log.clientHeight > 120' \
        'one is text.getBoundingClientRect().bottom <= 568 && text.getBoundingClientRect().width > 150' \
        'one is (document.getElementById("frames").open = true)' "one wait $wide === 320" 'one is document.documentElement.scrollHeight <= 568' \
        'one wait log.scrollHeight - log.scrollTop - log.clientHeight < 2'
}

@test "the log follows its end also if it gets smaller before the browser has told that it was scrolled" {
    beyond_sample
    room
    browse 'one open' 'one size 320x568' 'one wait me === "guest1"' \
        "one is (() => { message('name', 'w'.repeat(300), '', ''); document.getElementById('frames').open = true; return true; })()" \
        'one wait log.clientHeight < 200' 'one wait log.scrollHeight - log.scrollTop - log.clientHeight < 2' 'one is atEnd && newer.hidden'
}

@test "who reads further up stays there, and is told that there is more; who is at the end follows" {
    beyond_sample
    room
    local many='for (let i = 0; i < 60; i++) message("name", "line " + i, "", "");'
    browse 'one open' 'one size 600x500' 'one wait me === "guest1"' "one is (() => { $many return true; })()" \
        'one wait log.scrollHeight - log.scrollTop - log.clientHeight < 2' 'one is newer.hidden' \
        'one is (log.scrollTop = 10)' 'one wait !atEnd' "one is (() => { $many return true; })()" 'one is log.scrollTop === 10 && !newer.hidden' \
        'one is (newer.click(), true)' 'one wait newer.hidden && log.scrollHeight - log.scrollTop - log.clientHeight < 2'
}

# The least contrast of all that is written, WCAG 2's formula, each text against the nearest background that is not
# transparent; with the element's words if it is too little.
contrast='(() => {
    const numbers = color => color.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
    const ground = e => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c; }
        return [255, 255, 255]; };
    const poor = [];
    let count = 0;
    for (const e of document.body.querySelectorAll("*")) {
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        if (!(own || e.localName === "input") || e.localName === "script" || !e.checkVisibility() || e.className === "unseen") continue;
        const styles = [getComputedStyle(e), ...(e.localName === "input" ? [getComputedStyle(e, "::placeholder")] : [])];
        for (const style of styles) {
            const [a, b] = [light(numbers(style.color)), light(ground(e))].sort((p, q) => q - p);
            count++;
            if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(e.outerHTML.slice(0, 80) + " " + ((a + 0.05) / (b + 0.05)).toFixed(2));
        }
    }
    return count < 20 ? "only " + count + " texts" : poor.join("\n");
})()'

@test "contrast of 4.5 to 1 and more, light and dark, whatever the names" {
    beyond_sample
    room
    local names='for (let i = 0; i < 60; i++) message("name" + i, "text", ["", "own", "private"][i % 3], "a remark"); true'
    browse 'one open' 'one wait me === "guest1"' 'one still' 'one is (document.getElementById("frames").open = true)' "one is (() => { $names; return true; })()" \
        "one print $contrast" 'one dark' "one print $contrast"
    assert_equal "$(cat "$T/browser.out")" $'""\n""' 'what has too little contrast'
}

@test "the server goes and comes back: the page says so, keeps the message, connects again under the chosen name" {
    beyond_sample
    room
    STDIN=/dev/null start browser "$ROOT/tests/peers/browser" "$chromium" "$T/profile" "http://127.0.0.1:$port/" \
        'one open' 'one wait me === "guest1"' 'one type /name ada' 'one key Enter' 'one wait me === "ada"' 'one print "named"' \
        'one wait document.getElementById("said").textContent.startsWith("Connection lost")' 'one is !again.hidden' \
        'one type not lost' 'one key Enter' 'one is text.value === "not lost"' 'one print "lost"' \
        'one wait me === "ada" && document.getElementById("state").className === "open"' 'one key Enter' \
        "one wait $(texts .own) === 'not lost'"
    local browser_pid=$pid
    wait_for -t 60 told named || fail "$(cat "$T/browser.err")"
    stop_process "$room_pid"
    wait_for -t 60 told lost || fail "$(cat "$T/browser.err")"
    room "$port"
    wait_exit "$browser_pid" 60 || fail 'the browser still runs'
    assert_equal "$status" 0 'exit status of browser' || fail "$(cat "$T/browser.err")"
}
told() { grep -q "\"$1\"" "$T/browser.out" || ! running "$browser_pid"; }
