#include "scd41.hpp"

#include "checksum.hpp"

namespace egiz::sensors {
namespace {

bool word_intact(Bytes frame, std::size_t at) { return sensirion_crc8(frame.subspan(at, 2)) == frame[at + 2]; }

Scd41Sample without_value(Quality why) { return {Measured::bad(why), Measured::bad(why), Measured::bad(why)}; }

}  // namespace

std::array<std::uint8_t, 2> scd41_command(Scd41Command command) {
    const auto code = static_cast<std::uint16_t>(command);
    return {static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code & 0xFF)};
}

std::array<std::uint8_t, 5> scd41_command_with(Scd41Command command, std::uint16_t argument) {
    const std::array<std::uint8_t, 2> code = scd41_command(command);
    const std::array<std::uint8_t, 2> word = {static_cast<std::uint8_t>(argument >> 8),
                                              static_cast<std::uint8_t>(argument & 0xFF)};
    return {code[0], code[1], word[0], word[1], sensirion_crc8(word)};
}

Scd41Ready scd41_data_ready(Bytes word) {
    if (word.size() != scd41_word_size || !word_intact(word, 0)) return Scd41Ready::broken;
    // Only the lowest eleven bits mean anything (3.8.2).
    return (be16(word, 0) & 0x07FF) != 0 ? Scd41Ready::yes : Scd41Ready::no;
}

Scd41Sample scd41_decode(Bytes frame) {
    if (frame.size() != scd41_measurement_size) return without_value(Quality::comm_error);
    for (std::size_t at = 0; at < scd41_measurement_size; at += scd41_word_size) {
        if (!word_intact(frame, at)) return without_value(Quality::comm_error);
    }
    Scd41Sample sample;
    // 0 ppm is what a measurement of temperature and humidity alone reports; 40 000 ppm is the end of the output range.
    sample.co2 = measured_within(be16(frame, 0), 1, 40'000);
    sample.temperature = measured_within(scaled(be16(frame, 3), 175'000, 65'535) - 45'000, -10'000, 60'000);
    sample.humidity = measured_within(scaled(be16(frame, 6), 100'000, 65'535), 0, 100'000);
    return sample;
}

}  // namespace egiz::sensors
