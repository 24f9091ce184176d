// SCD41: photoacoustic CO2 sensor over I2C, with its own temperature and humidity.
// Source: Sensirion SCD4x data sheet 1.4, sections 3.4 to 3.10.
#pragma once

#include <array>
#include <cstdint>

#include "wire_bytes.hpp"
#include "measure.hpp"

namespace egiz::sensors {

inline constexpr std::uint8_t scd41_address = 0x62;

enum class Scd41Command : std::uint16_t {
    start_periodic = 0x21B1,   // a value each 5 s
    start_low_power = 0x21AC,  // a value each 30 s
    stop_periodic = 0x3F86,    // nothing else for 500 ms
    data_ready = 0xE4B8,
    read_measurement = 0xEC05,
    ambient_pressure = 0xE000,  // takes hPa; allowed while measuring
    self_calibration = 0x2416,  // idle only
    serial_number = 0x3682,     // idle only
    single_shot = 0x219D,       // 5 s, idle only: for battery boards
};

inline constexpr std::uint32_t scd41_command_ms = 1;
inline constexpr std::uint32_t scd41_stop_ms = 500;
inline constexpr std::uint32_t scd41_period_ms = 5'000;
// Readings settle over the first minutes after power-up; until then they are marked uncalibrated.
inline constexpr std::uint32_t scd41_warm_up_ms = 180'000;

std::array<std::uint8_t, 2> scd41_command(Scd41Command command);
std::array<std::uint8_t, 5> scd41_command_with(Scd41Command command, std::uint16_t argument);

inline constexpr std::size_t scd41_word_size = 3;         // two bytes and their CRC
inline constexpr std::size_t scd41_measurement_size = 9;  // CO2, temperature, humidity

enum class Scd41Ready : std::uint8_t { no, yes, broken };
Scd41Ready scd41_data_ready(Bytes word);

struct Scd41Sample {
    Measured co2;          // ppm
    Measured temperature;  // 1/1000 degC
    Measured humidity;     // 1/1000 %RH
};

// One wrong CRC makes the whole frame unusable: the three words are one measurement.
Scd41Sample scd41_decode(Bytes frame);

}  // namespace egiz::sensors
