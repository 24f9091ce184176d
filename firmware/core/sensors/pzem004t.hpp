// PZEM-004T v3: single-phase AC meter on a shared UART, Modbus RTU at 9600 8N1.
// Source: PZEM-004T V3.0 user manual, sections 1 (ranges) and 2 (protocol).
#pragma once

#include <array>
#include <cstdint>

#include "wire_bytes.hpp"
#include "measure.hpp"

namespace egiz::sensors {

inline constexpr std::uint8_t pzem_first_address = 0x01;
inline constexpr std::uint8_t pzem_last_address = 0xF7;
// Every module answers to it, so it is only for setting the address of a module alone on the bus.
inline constexpr std::uint8_t pzem_general_address = 0xF8;

inline constexpr std::size_t pzem_reply_size = 25;    // address, function, count, 20 data bytes, CRC
inline constexpr std::size_t pzem_error_size = 5;     // address, function | 80h, code, CRC
inline constexpr std::uint32_t pzem_baud = 9600;

std::array<std::uint8_t, 8> pzem_read_request(std::uint8_t address);
std::array<std::uint8_t, 4> pzem_reset_energy_request(std::uint8_t address);
std::array<std::uint8_t, 8> pzem_set_address_request(std::uint8_t from, std::uint8_t to);

struct PzemSample {
    Measured voltage;       // mV
    Measured current;       // mA
    Measured power;         // mW
    Measured energy;        // Wh
    Measured frequency;     // mHz
    Measured power_factor;  // 1/1000
    bool over_power = false;

    static PzemSample all(Quality why);
};

enum class PzemError : std::uint8_t {
    none,
    length,     // nothing, or too few or too many bytes
    address,    // another module's answer
    function,   // not an answer to the request
    exception,  // the module refuses; `exception` says why
    crc,
};

struct PzemReply {
    PzemError error = PzemError::length;
    std::uint8_t exception = 0;
    PzemSample sample;
};

// Every reading of a reply with an error has quality comm_error, or fault when the module itself refuses.
PzemReply pzem_decode(Bytes frame, std::uint8_t address);

}  // namespace egiz::sensors
