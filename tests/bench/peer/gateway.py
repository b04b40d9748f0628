#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a hub costs that a good Python programmer writes in an afternoon with Debian's bleak, numpy and paho-mqtt: it
connects to the bars, decodes each notification as one array, takes gravity away along a slowly followed vertical,
integrates to a velocity that is set to nought at rest, finds phases by thresholds and publishes them, the repetitions and
ten times a second what moves. It keeps nothing on disk, learns nothing of its sensors and tells no set-up from a
repetition: it does less than repcast, so that the comparison favours it.

    gateway.py SENSORS ADAPTERS RATE BROKER-PORT"""

import asyncio
import json
import sys
import time

import numpy as np
import paho.mqtt.client as mqtt
from bleak import BleakClient, BleakScanner

MOTION = "dfce2401-f051-4596-a005-3dce77cc1088"
CONTROL = "dfce2402-f051-4596-a005-3dce77cc1088"
SAMPLE = np.dtype("<i2")
HEADER = 6
ACC_MPS2 = 16 * 9.80665 / 32768
GYRO_RADPS = 2000 / 32768 * np.pi / 180
G_MPS2 = 9.80665
STILL_RADPS, STILL_MPS2, STILL_S = 0.15, 0.4, 0.3
MOVES_MPS = 0.08
GRAVITY_S = 2.0  # time constant of the vertical
LIVE_S = 0.1


class Bar:
    """One sensor: from packets to phases."""

    def __init__(self, name, rate, client):
        self.topic = f"peer/station/{name}/"
        self.period, self.rate, self.client = 1 / rate, rate, client
        self.up = np.array([0.0, 0.0, G_MPS2])
        self.velocity = self.position = 0.0
        self.still, self.phase, self.began, self.reps, self.live = 0.0, "rest", 0.0, 0, 0.0
        self.low = self.high = 0.0
        self.samples = 0

    def publish(self, leaf, message, qos=0):
        self.client.publish(self.topic + leaf, json.dumps(message), qos=qos)

    def take(self, _, data):
        raw = np.frombuffer(data, SAMPLE, offset=HEADER).reshape(-1, 6)
        acc = raw[:, :3] * ACC_MPS2
        n = len(acc)
        self.samples += n
        size = np.sqrt(np.einsum("ij,ij->i", acc, acc))
        turn = np.abs(raw[:, 3:]).max() * GYRO_RADPS
        quiet = turn < STILL_RADPS and np.abs(size - G_MPS2).max() < STILL_MPS2
        self.still = self.still + n * self.period if quiet else 0.0
        if quiet:  # the vertical is what is felt at rest
            self.up += (acc.mean(axis=0) - self.up) * min(1.0, n * self.period / GRAVITY_S)
        vertical = acc @ (self.up / np.linalg.norm(self.up)) - G_MPS2
        velocities = self.velocity + np.cumsum(vertical) * self.period
        if self.still > STILL_S:
            velocities[:] = 0.0
        self.position += velocities.sum() * self.period
        self.velocity = float(velocities[-1])
        self.look(time.time())

    def look(self, now):
        v = self.velocity
        phase = "eccentric" if v < -MOVES_MPS else "concentric" if v > MOVES_MPS else self.phase
        if abs(v) < MOVES_MPS / 2 and self.phase in ("eccentric", "concentric"):
            phase = "bottom" if self.phase == "eccentric" else "top"
        if phase != self.phase:
            self.publish("phase", {"phase": phase, "start_ms": int(now * 1e3), "after_s": round(now - self.began, 3)})
            if phase == "top":
                self.reps += 1
                self.publish("rep", {"rep": self.reps, "rom_m": round(self.high - self.low, 3)}, 1)
                self.low = self.high = self.position
            self.phase, self.began = phase, now
        self.low, self.high = min(self.low, self.position), max(self.high, self.position)
        if self.phase in ("eccentric", "concentric") and now - self.live >= LIVE_S:
            self.live = now
            self.publish("live", {"phase": self.phase, "phase_s": round(now - self.began, 3), "velocity_mps": round(v, 3),
                                  "position_m": round(self.position - self.low, 3)})


async def find(sensors, adapters):
    """address -> device, by all adapters at once."""
    found, enough = {}, asyncio.Event()

    def heard(device, _):
        if (device.name or "").startswith("bar-"):
            found[device.address] = device
        if len(found) >= sensors:
            enough.set()

    scanners = [BleakScanner(heard, adapter=f"hci{i}") for i in range(adapters)]
    for scanner in scanners:
        await scanner.start()
    await asyncio.wait_for(enough.wait(), 60)
    for scanner in scanners:
        await scanner.stop()
    return found


async def main():
    sensors, adapters, rate, port = (int(x) for x in sys.argv[1:5])
    client = mqtt.Client("peer")
    client.connect("127.0.0.1", port)
    client.loop_start()
    found = await find(sensors, adapters)
    bars, links = [], []
    for address in sorted(found):
        bar = Bar(found[address].name, rate, client)
        link = BleakClient(found[address])
        await link.connect()
        await link.write_gatt_char(CONTROL, bytes([1, rate & 255, rate >> 8]), response=True)
        await link.start_notify(MOTION, bar.take)
        bars.append(bar)
        links.append(link)
    print("ready", flush=True)
    while True:
        await asyncio.sleep(0.5)
        print(sum(bar.samples for bar in bars), flush=True)


asyncio.run(main())
