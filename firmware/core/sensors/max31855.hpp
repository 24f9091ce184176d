// MAX31855K: type K thermocouple to digital, one 32-bit word for each read.
// Source: MAX31855 data sheet 19-5793, "Thermocouple Temperature Data Format" and Tables 2 to 5.
#pragma once

#include <cstdint>

#include "wire_bytes.hpp"
#include "measure.hpp"

namespace egiz::sensors {

inline constexpr std::size_t max31855_word_size = 4;
inline constexpr std::uint32_t max31855_spi_hz = 4'000'000;  // the part's limit is 5 MHz

struct Max31855Sample {
    Measured temperature;    // 1/1000 degC at the hot junction, linearised with the ITS-90 type K curve
    Measured cold_junction;  // 1/1000 degC of the chip
    bool open = false;
    bool short_to_ground = false;
    bool short_to_supply = false;
};

Max31855Sample max31855_decode(Bytes word);

}  // namespace egiz::sensors
