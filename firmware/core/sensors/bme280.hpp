// BME280: temperature, humidity and pressure over I2C.
// Source: Bosch BST-BME280-DS002, sections 4.2.2 (trimming), 4.2.3 (compensation) and 5 (registers).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "wire_bytes.hpp"
#include "measure.hpp"

namespace egiz::sensors {

inline constexpr std::uint8_t bme280_address_low = 0x76;   // SDO to ground
inline constexpr std::uint8_t bme280_address_high = 0x77;  // SDO to VDDIO
inline constexpr std::uint8_t bme280_chip_id = 0x60;       // 58h is a BMP280: no humidity

namespace bme280_register {
inline constexpr std::uint8_t chip_id = 0xD0;
inline constexpr std::uint8_t trimming_low = 0x88;   // 26 bytes
inline constexpr std::uint8_t trimming_high = 0xE1;  // 7 bytes
inline constexpr std::uint8_t control_humidity = 0xF2;
inline constexpr std::uint8_t status = 0xF3;
inline constexpr std::uint8_t control_measure = 0xF4;
inline constexpr std::uint8_t configuration = 0xF5;
inline constexpr std::uint8_t data = 0xF7;  // 8 bytes
}  // namespace bme280_register

inline constexpr std::size_t bme280_trimming_low_size = 26;
inline constexpr std::size_t bme280_trimming_high_size = 7;
inline constexpr std::size_t bme280_data_size = 8;
inline constexpr std::uint8_t bme280_busy_bits = 0x09;  // measuring, or copying its trimming values

// One forced measurement with each quantity once: the least self-heating (section 3.5.1), 9.3 ms at most. The
// humidity setting takes effect only with the write of control_measure behind it.
inline constexpr std::uint8_t bme280_humidity_once = 0x01;
inline constexpr std::uint8_t bme280_measure_once = 0x25;
inline constexpr std::uint32_t bme280_measure_ms = 10;

struct Bme280Trimming {
    std::uint16_t t1 = 0;
    std::int16_t t2 = 0, t3 = 0;
    std::uint16_t p1 = 0;
    std::array<std::int16_t, 8> p{};  // p2 to p9
    std::uint8_t h1 = 0, h3 = 0;
    std::int16_t h2 = 0, h4 = 0, h5 = 0;
    std::int8_t h6 = 0;
};

// Nothing when the block cannot be a trimming block (wrong length, or blank: all 00h or all FFh).
std::optional<Bme280Trimming> bme280_trimming(Bytes low, Bytes high);

struct Bme280Sample {
    Measured temperature;  // 1/1000 degC
    Measured pressure;     // Pa
    Measured humidity;     // 1/1000 %RH
};

// `data`: the eight bytes from F7h.
Bme280Sample bme280_decode(Bytes data, const Bme280Trimming& trimming);

}  // namespace egiz::sensors
