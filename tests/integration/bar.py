# SPDX-License-Identifier: Apache-2.0
"""Recordings of movements that the generator of sets does not make, written sample by sample: 100 a second, without noise."""

import math

from hub import write

G = 9.80665  # m/s2


class Bar:
    """What a sensor on it feels. It moves along minimum-jerk paths, x(s) = 10 s^3 - 15 s^4 + 6 s^5."""

    def __init__(self):
        self.lines, self.now = ["t,ax,ay,az,gx,gy,gz"], 0.0

    def move(self, seconds, metres=0.0, radians=0.0, start=0.0, force=None):
        """radians: turned about the sensor's x axis meanwhile, from start; force: m/s2, in place of that of the path."""
        for i in range(round(seconds * 100)):
            s = i / (seconds * 100)
            felt = G + metres / seconds**2 * s * (60 - 180 * s + 120 * s * s) if force is None else force
            angle = start + radians * s**3 * (10 - 15 * s + 6 * s * s)
            turn = radians / seconds * s * s * (30 - 60 * s + 30 * s * s)
            self.lines.append(f"{self.now:.2f},0,{felt * math.sin(angle):.5f},{felt * math.cos(angle):.5f},{turn:.5f},0,0")
            self.now += 0.01

    def write(self, name):
        return write(name, "\n".join(self.lines) + "\n")


def unracked_and_turned():
    """A squat of 0.5 m with the sensor on one side, which is then turned by 60 degrees, and four more: the first is taken
    back, and what lies between is no repetition."""
    bar, turned = Bar(), math.radians(60)
    bar.move(4)
    for rep in range(5):
        bar.move(2, -0.5, start=turned * (rep > 0))
        bar.move(1, 0.5, start=turned * (rep > 0))
        if rep == 0:
            bar.move(1)
            bar.move(2, radians=turned)
        bar.move(1.5, start=turned)
    bar.move(2, start=turned)
    return bar.write("turned.csv")


def dropped():
    """Three squats of 0.5 m, and in the fourth the bar falls for a sixth of a second."""
    bar = Bar()
    bar.move(4)
    for _ in range(3):
        bar.move(2, -0.5)
        bar.move(1, 0.5)
        bar.move(1)
    bar.move(0.17, force=0)
    bar.move(0.03, force=65)
    bar.move(30)
    return bar.write("dropped.csv")
