#include "pzem004t.hpp"

#include "checksum.hpp"

namespace egiz::sensors {
namespace {

constexpr std::uint8_t read_input_registers = 0x04;
constexpr std::uint8_t write_register = 0x06;
constexpr std::uint8_t reset_energy = 0x42;
constexpr std::uint8_t error_flag = 0x80;
constexpr std::uint8_t register_count = 10;
constexpr std::uint16_t address_register = 0x0002;

template <std::size_t N>
std::array<std::uint8_t, N> sealed(std::array<std::uint8_t, N> frame) {
    const std::uint16_t crc = modbus_crc16(Bytes(frame).first(N - 2));
    frame[N - 2] = static_cast<std::uint8_t>(crc & 0xFF);
    frame[N - 1] = static_cast<std::uint8_t>(crc >> 8);
    return frame;
}

bool crc_matches(Bytes frame) {
    const std::size_t body = frame.size() - 2;
    return modbus_crc16(frame.first(body)) == le16(frame, body);
}

PzemReply refused(PzemError error, Quality quality, std::uint8_t exception = 0) {
    return {error, exception, PzemSample::all(quality)};
}

// 32-bit values come low word first, each word high byte first.
std::int64_t low_word_first(Bytes data, std::size_t at) {
    return (static_cast<std::int64_t>(be16(data, at + 2)) << 16) | be16(data, at);
}

PzemSample registers_to_sample(Bytes data) {
    PzemSample sample;
    sample.voltage = measured_within(std::int64_t{be16(data, 0)} * 100, 80'000, 260'000);
    sample.current = measured_within(low_word_first(data, 2), 0, 100'000);
    sample.power = measured_within(low_word_first(data, 6) * 100, 0, 23'000'000);
    sample.energy = measured_within(low_word_first(data, 10), 0, 9'999'990);
    sample.frequency = measured_within(std::int64_t{be16(data, 14)} * 100, 45'000, 65'000);
    sample.power_factor = measured_within(std::int64_t{be16(data, 16)} * 10, 0, 1'000);
    sample.over_power = be16(data, 18) == 0xFFFF;
    return sample;
}

}  // namespace

std::array<std::uint8_t, 8> pzem_read_request(std::uint8_t address) {
    return sealed<8>({address, read_input_registers, 0, 0, 0, register_count, 0, 0});
}

std::array<std::uint8_t, 4> pzem_reset_energy_request(std::uint8_t address) {
    return sealed<4>({address, reset_energy, 0, 0});
}

std::array<std::uint8_t, 8> pzem_set_address_request(std::uint8_t from, std::uint8_t to) {
    return sealed<8>({from, write_register, 0, address_register, 0, to, 0, 0});
}

PzemSample PzemSample::all(Quality why) {
    const Measured none = Measured::bad(why);
    return {none, none, none, none, none, none, false};
}

PzemReply pzem_decode(Bytes frame, std::uint8_t address) {
    if (frame.size() != pzem_reply_size && frame.size() != pzem_error_size) {
        return refused(PzemError::length, Quality::comm_error);
    }
    // The checksum comes before any other field: a damaged address must not be blamed on another module.
    if (!crc_matches(frame)) return refused(PzemError::crc, Quality::comm_error);
    if (frame[0] != address) return refused(PzemError::address, Quality::comm_error);
    if (frame.size() == pzem_error_size) {
        if (frame[1] != (read_input_registers | error_flag)) {
            return refused(PzemError::function, Quality::comm_error);
        }
        return refused(PzemError::exception, Quality::fault, frame[2]);
    }
    if (frame[1] != read_input_registers || frame[2] != 2 * register_count) {
        return refused(PzemError::function, Quality::comm_error);
    }
    return {PzemError::none, 0, registers_to_sample(frame.subspan(3, 2 * register_count))};
}

}  // namespace egiz::sensors
