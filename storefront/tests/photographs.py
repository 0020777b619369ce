"""Pictures that look a little like photos of a laptop, so that a page with photos can be judged."""

from PIL import Image, ImageDraw, ImageFilter

from core.tests.pictures import written

SIZE = (960, 720)
GREY, DARK, LIGHT = (118, 124, 128), (32, 35, 38), (188, 193, 196)


def photograph(view: str, number: int, *, width: int) -> bytes:
    """Return a JPEG of a grey laptop on a table: from the "front", its "lid", or its "side". No two numbers agree."""
    across, down = SIZE
    image = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(image)
    for y in range(down):  # daylight from above, a table below
        wall = 226 - y // 9 - number
        draw.line(
            [(0, y), (across, y)], fill=(wall, wall, wall - 4) if y < down * 0.62 else (wall, wall - 22, wall - 48)
        )
    if view == "front":
        draw.rounded_rectangle((230, 130, 730, 470), 14, fill=GREY)
        draw.rectangle((246, 146, 714, 450), fill=DARK)
        draw.polygon([(230, 470), (730, 470), (810, 590), (150, 590)], fill=LIGHT)
        draw.polygon([(262, 480), (698, 480), (738, 540), (222, 540)], fill=DARK)
        draw.polygon([(400, 548), (560, 548), (574, 584), (386, 584)], fill=GREY)
    elif view == "lid":
        draw.rounded_rectangle((190, 150, 770, 560), 26, fill=GREY)
        draw.ellipse((452, 322, 508, 378), fill=LIGHT)
    else:
        draw.rounded_rectangle((110, 380, 850, 440), 12, fill=GREY)
        for x in range(180, 520, 110):
            draw.rounded_rectangle((x, 400, x + 62, 420), 5, fill=DARK)
    shown = image.filter(ImageFilter.GaussianBlur(0.8)).resize((width, width * down // across))
    return written(shown, "JPEG", quality=88)
