// Bus frames of every part: whatever bytes a broken wire delivers, a decoder answers with a value inside the part's
// range or with a quality, never with anything else.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "sensors/atm90e32.hpp"
#include "sensors/bme280.hpp"
#include "sensors/checksum.hpp"
#include "sensors/max31855.hpp"
#include "sensors/max31865.hpp"
#include "sensors/pzem004t.hpp"
#include "sensors/scd41.hpp"
#include "sensors/three_phase.hpp"

namespace {

using namespace egiz;
using namespace egiz::sensors;

void expect_within(Measured measured, std::int32_t low, std::int32_t high) {
    if (measured.quality == Quality::ok) {
        if (measured.raw < low || measured.raw > high) std::abort();
    } else if (measured.raw != 0) {
        std::abort();  // a number that is not a measurement must not exist
    }
}

void pzem(Bytes input) {
    const PzemReply reply = pzem_decode(input, 0x01);
    expect_within(reply.sample.voltage, 80'000, 260'000);
    expect_within(reply.sample.current, 0, 100'000);
    expect_within(reply.sample.power, 0, 23'000'000);
    expect_within(reply.sample.energy, 0, 9'999'990);
    expect_within(reply.sample.frequency, 45'000, 65'000);
    expect_within(reply.sample.power_factor, 0, 1'000);
    if (reply.error == PzemError::none && input.size() != pzem_reply_size) std::abort();
    const PzemReply three[3] = {reply, reply, reply};
    const ElectricalReading total = to_reading(combine_phases(three));
    expect_within(total.power_factor, -1'000, 1'000);
}

void temperatures(Bytes input) {
    expect_within(max31855_decode(input).temperature, -200'000, 1'372'000);
    expect_within(max31855_decode(input).cold_junction, -40'000, 125'000);
    const Max31865Sample rtd = max31865_decode(input, RtdSetup{});
    expect_within(rtd.temperature, -200'500, 850'500);
    if (!rtd.configured && rtd.temperature.quality == Quality::ok) std::abort();
}

void scd41(Bytes input) {
    const Scd41Sample scd = scd41_decode(input);
    expect_within(scd.co2, 1, 40'000);
    expect_within(scd.temperature, -10'000, 60'000);
    expect_within(scd.humidity, 0, 100'000);
    (void)scd41_data_ready(input);
}

// The same bytes with the checksum put right: otherwise chance would hardly ever let anything behind it be seen.
void checksummed(Bytes input) {
    if (input.size() >= pzem_error_size) {
        std::vector<std::uint8_t> frame(input.begin(), input.end());
        frame.resize((input[0] & 1) != 0 ? pzem_reply_size : pzem_error_size);
        const std::size_t body = frame.size() - 2;
        const std::uint16_t crc = modbus_crc16(Bytes(frame).first(body));
        frame[body] = static_cast<std::uint8_t>(crc & 0xFF);
        frame[body + 1] = static_cast<std::uint8_t>(crc >> 8);
        pzem(frame);
    }
    if (input.size() >= scd41_measurement_size) {
        std::vector<std::uint8_t> frame(input.begin(), input.begin() + scd41_measurement_size);
        for (std::size_t at = 0; at < frame.size(); at += scd41_word_size) {
            frame[at + 2] = sensirion_crc8(Bytes(frame).subspan(at, 2));
        }
        scd41(frame);
    }
}

void air(Bytes input) {
    scd41(input);
    if (input.size() < 26 + 7 + 8) return;
    const auto trimming = bme280_trimming(input.first(26), input.subspan(26, 7));
    if (!trimming) return;
    const Bme280Sample bme = bme280_decode(input.subspan(33, 8), *trimming);
    expect_within(bme.temperature, -40'000, 85'000);
    expect_within(bme.pressure, 30'000, 110'000);
    expect_within(bme.humidity, 0, 100'000);
}

void meter(Bytes input) {
    AtmWords words{};
    if (input.size() < 2 * words.size()) return;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = be16(input, 2 * i);
    const ElectricalSample sample = atm_decode(words, true, AtmEnergy(words[1]), true);
    for (const Measured& voltage : sample.voltage) expect_within(voltage, 0, 655'350);
    expect_within(sample.active_power, -150'000'000, 150'000'000);
    expect_within(sample.power_factor, -1'000, 1'000);
    expect_within(sample.frequency, 45'000, 65'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const egiz::sensors::Bytes input(data, size);
    pzem(input);
    checksummed(input);
    temperatures(input);
    air(input);
    meter(input);
    return 0;
}
