#!/bin/sh
# One would guess: a picture with amounts in yuan or yen needs no font file, since Pillow brings one (FreeType, any size)
# that draws the signs of Latin-1; and what a font lacks raises an error or can at least be asked for.
# What happens: the font of ImageFont.load_default(size) has $ but no ¥, no £ and no ×. It draws the same crossed box for
# each, without an error or a warning, so that a picture made where nobody looks shows "box 120" to its readers. getlength()
# and getbbox() measure the box as if it were the sign.
# Pillow 13.0.0. Source: ImageFont.load_default's docstring says "Aileron Regular with limited character set"; and run.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" -W error - <<'PYTHON'
import sys
from importlib.metadata import version
from PIL import Image, ImageDraw, ImageFont

font = ImageFont.load_default(40)


def drawn(sign):
    image = Image.new("L", (80, 80), 255)
    ImageDraw.Draw(image).text((10, 10), sign, fill=0, font=font)
    return image.tobytes()


print("Pillow", version("pillow"), *font.getname())
# U+E000 is nobody's sign: what stands for it is the box.
box = drawn("\ue000")
lacking = [sign for sign in "$¥£×Y0" if drawn(sign) == box]
print("drawn as a box, without a word:", " ".join(lacking))
print("measured:", font.getlength("¥"), "the box:", font.getlength("\ue000"))
sys.exit(0 if lacking == ["¥", "£", "×"] else 1)
PYTHON
