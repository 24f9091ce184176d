// Simulated parts on simulated buses: they answer bytes, so that drivers are tested down to the wire.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "sensors/checksum.hpp"
#include "sensors/pause.hpp"
#include "sensors/scd41.hpp"
#include "ports.hpp"

namespace egiz::sensors {

struct CountedPause final : Pause {
    std::uint32_t total = 0;
    void wait_ms(std::uint32_t ms) override { total += ms; }
};

// PZEM modules by address; each entry is the 20 register bytes of its answer.
struct FakeUart final : UartBus {
    std::map<std::uint8_t, std::array<std::uint8_t, 20>> modules;
    std::set<std::uint8_t> refusing;
    std::uint32_t exchanges = 0;

    Status exchange(Bytes request, MutableBytes response, std::uint32_t) override {
        ++exchanges;
        if (request.size() != 8 || modbus_crc16(request) != 0) return Err::bad_argument;
        std::vector<std::uint8_t> frame;
        if (refusing.contains(request[0])) {
            frame = {request[0], 0x84, 0x02};
        } else if (const auto module = modules.find(request[0]); module != modules.end()) {
            frame = {request[0], 0x04, 20};
            frame.insert(frame.end(), module->second.begin(), module->second.end());
        } else {
            return Err::timeout;
        }
        const std::uint16_t crc = modbus_crc16(frame);
        frame.push_back(static_cast<std::uint8_t>(crc & 0xFF));
        frame.push_back(static_cast<std::uint8_t>(crc >> 8));
        std::copy_n(frame.begin(), std::min(frame.size(), response.size()), response.begin());
        return frame.size() < response.size() ? Status{Err::timeout} : Status{};
    }
};

// An ATM90E32 with its registers; energy registers clear when confirmed through the last-data register.
struct FakeMeter final : SpiBus {
    std::map<std::uint16_t, std::uint16_t> registers;
    std::uint16_t last = 0;
    std::uint16_t last_register = 0;
    bool dead = false;
    bool noisy = false;

    Status transfer(std::uint8_t, Bytes out, MutableBytes in) override {
        const auto address = static_cast<std::uint16_t>(((out[0] & 0x7F) << 8) | out[1]);
        std::uint16_t value = 0;
        if (dead) {
            value = 0xFFFF;
        } else if ((out[0] & 0x80) == 0) {
            last = static_cast<std::uint16_t>((out[2] << 8) | out[3]);
            registers[address] = last;
            if (address == 0x70) registers.clear();
        } else if (address == 0x78) {
            value = noisy ? static_cast<std::uint16_t>(last ^ 0x10) : last;
            if (last_register >= 0x81 && last_register <= 0x83) registers[last_register] = 0;
        } else {
            value = last = registers[address];
        }
        last_register = address;
        std::fill(in.begin(), in.end(), std::uint8_t{0});
        in[2] = static_cast<std::uint8_t>(value >> 8);
        in[3] = static_cast<std::uint8_t>(value & 0xFF);
        return {};
    }
};

// Zones: four-byte words for a MAX31855, eight registers for a MAX31865.
struct FakeZones final : SpiBus {
    std::map<std::uint8_t, std::array<std::uint8_t, 4>> thermocouples;
    std::map<std::uint8_t, std::array<std::uint8_t, 8>> rtds;
    std::set<std::uint8_t> broken;

    Status transfer(std::uint8_t chip_select, Bytes out, MutableBytes in) override {
        if (broken.contains(chip_select)) return Err::io;
        std::fill(in.begin(), in.end(), std::uint8_t{0});
        if (out.size() == 4) {
            std::copy_n(thermocouples[chip_select].begin(), 4, in.begin());
        } else if (out.size() == 2 && out[0] == 0x80) {
            rtds[chip_select][0] = static_cast<std::uint8_t>(out[1] & ~0x02);
            if ((out[1] & 0x02) != 0) rtds[chip_select][7] = 0;
        } else {
            std::copy_n(rtds[chip_select].begin(), 8, in.begin() + 1);
        }
        return {};
    }
};

// A BME280 as registers and an SCD41 as commands.
struct FakeAir final : I2cBus {
    std::uint8_t bme_address = 0x76;
    std::array<std::uint8_t, 256> bme{};
    bool scd_present = true;
    bool scd_measuring = false;
    bool scd_ready = false;
    std::array<std::uint8_t, 9> scd_frame{};
    std::uint16_t scd_command = 0;
    std::uint16_t scd_pressure = 0;

    Status write(std::uint8_t address, Bytes data) override {
        if (address == bme_address) {
            for (std::size_t i = 0; i + 1 < data.size(); i += 2) bme[data[i]] = data[i + 1];
            return {};
        }
        if (address != scd41_address || !scd_present) return Err::io;
        scd_command = static_cast<std::uint16_t>((data[0] << 8) | data[1]);
        if (scd_command == 0x21B1 && scd_measuring) return Err::io;  // refuses as the real part does
        if (scd_command == 0x21B1) scd_measuring = true;
        if (scd_command == 0x3F86) scd_measuring = false;
        if (scd_command == 0xE000) scd_pressure = static_cast<std::uint16_t>((data[2] << 8) | data[3]);
        return {};
    }
    Status read(std::uint8_t address, MutableBytes data) override {
        if (address != scd41_address || !scd_present) return Err::io;
        if (scd_command == 0xE4B8) {
            const std::array<std::uint8_t, 2> word = {0x80, static_cast<std::uint8_t>(scd_ready ? 0x06 : 0x00)};
            std::copy(word.begin(), word.end(), data.begin());
            data[2] = sensirion_crc8(word);
            return {};
        }
        if (scd_command != 0xEC05 || !scd_ready) return Err::io;
        std::copy_n(scd_frame.begin(), data.size(), data.begin());
        scd_ready = false;
        return {};
    }
    Status write_read(std::uint8_t address, Bytes out, MutableBytes in) override {
        if (address != bme_address) return Err::io;
        std::copy_n(bme.begin() + out[0], in.size(), in.begin());
        return {};
    }
};

}  // namespace egiz::sensors
