"""A page of small text, and how much of it can be read on a picture (tesseract(1))."""

import base64
import random
import re
import subprocess
from difflib import SequenceMatcher

from playwright.sync_api import Page

WORDS = """
    the of and to in is that for with as on are by this from or be at which an each not have
    can may will one other when than more only over into such also been some time between
    network packet sender window receiver measure second frame picture quality number value
    letter number paper question answer simple careful gentle morning evening river mountain
    garden window bridge station market school doctor teacher history science language music
"""
LINES, LENGTH = 34, 88
LARGER = 3
"""Tesseract wants letters of 30 pixels; those of 10 points have 13."""

ENLARGE = """async ([png, by]) => {
    const image = new Image();
    image.src = png;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width * by, image.height * by];
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png");
}"""

GRAB = """(name) => {
    const video = document.querySelector(`article.tile[data-name="${name}"] video`);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    return canvas.toDataURL("image/png");
}"""

SHOW = """([title, lines]) => {
    document.title = title;
    document.body.style.cssText =
        "margin:0;padding:12px 24px;background:#fff;color:#111;" +
        "font:10pt/19px 'DejaVu Sans',Verdana,Arial,sans-serif;white-space:pre;overflow:hidden";
    const show = (from) => {
        document.body.textContent =
            [...lines.slice(from), ...lines.slice(0, from)].join("\\n");
    };
    show(0);
    let from = 0;
    let timer;
    window.scrolling = (on) => {
        clearInterval(timer);
        if (on) timer = setInterval(() => show((from = (from + 1) % lines.length)), 100);
        else show((from = 0));
    };
}"""


def text(seed: int) -> list[str]:
    """Return lines of words."""
    chance, words = random.Random(seed), WORDS.split()  # noqa: S311
    lines = []
    for _ in range(LINES):
        line = chance.choice(words)
        while len(line) < LENGTH:
            line += " " + chance.choice(words)
        lines.append(line)
    return lines


def readable(page: Page, png: str, lines: list[str]) -> float:
    """Return the share of the text's letters that can be read on a picture (a data: URL).

    ``page`` is any empty page; it enlarges the picture.
    """
    larger: str = page.evaluate(ENLARGE, [png, LARGER])
    done = subprocess.run(
        ["tesseract", "stdin", "stdout", "-l", "eng", "--psm", "6"],
        input=base64.b64decode(larger.partition(",")[2]),
        capture_output=True,
        check=True,
    )
    return likeness(done.stdout.decode(), " ".join(lines))


def likeness(read: str, written: str) -> float:
    """Return how much two texts have in common, 0 to 1, whatever their white space."""
    one, other = (re.sub(r"\s+", " ", each).strip() for each in (read, written))
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
