// PZEM-004T V3.0 user manual: frames of section 2, ranges of section 1.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "sensors/checksum.hpp"
#include "sensors/pzem004t.hpp"

namespace egiz::sensors {
namespace {

using Frame = std::vector<std::uint8_t>;

Frame with_crc(Frame frame) {
    const std::uint16_t crc = modbus_crc16(frame);
    frame.push_back(static_cast<std::uint8_t>(crc & 0xFF));
    frame.push_back(static_cast<std::uint8_t>(crc >> 8));
    return frame;
}

// The manual's worked values: 220.0 V, 1.000 A, 220.0 W, 0 Wh, 50.0 Hz, power factor 1.00, no alarm.
Frame manual_reply() {
    return with_crc({0x01, 0x04, 0x14, 0x08, 0x98, 0x03, 0xE8, 0x00, 0x00, 0x08, 0x98, 0x00,
                     0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xF4, 0x00, 0x64, 0x00, 0x00});
}

Frame changed(std::size_t at, std::uint8_t high, std::uint8_t low) {
    Frame frame = manual_reply();
    frame.resize(23);
    frame[at] = high;
    frame[at + 1] = low;
    return with_crc(frame);
}

TEST(Pzem, RequestsHaveTheModbusForm) {
    EXPECT_EQ(pzem_read_request(0x01), (std::array<std::uint8_t, 8>{0x01, 0x04, 0, 0, 0, 0x0A, 0x70, 0x0D}));
    EXPECT_EQ(pzem_reset_energy_request(0x01), (std::array<std::uint8_t, 4>{0x01, 0x42, 0x80, 0x11}));
    const auto set = pzem_set_address_request(pzem_general_address, 0x02);
    EXPECT_EQ(modbus_crc16(set), 0);  // a frame with its CRC behind it leaves nothing
    EXPECT_EQ(set[3], 0x02);
    EXPECT_EQ(set[5], 0x02);
}

TEST(Pzem, DecodesTheManualsExample) {
    const PzemReply reply = pzem_decode(manual_reply(), 0x01);
    ASSERT_EQ(reply.error, PzemError::none);
    EXPECT_EQ(reply.sample.voltage, Measured::good(220'000));
    EXPECT_EQ(reply.sample.current, Measured::good(1'000));
    EXPECT_EQ(reply.sample.power, Measured::good(220'000));
    EXPECT_EQ(reply.sample.energy, Measured::good(0));
    EXPECT_EQ(reply.sample.frequency, Measured::good(50'000));
    EXPECT_EQ(reply.sample.power_factor, Measured::good(1'000));
    EXPECT_FALSE(reply.sample.over_power);
}

TEST(Pzem, LongValuesComeLowWordFirst) {
    Frame frame = manual_reply();
    frame.resize(23);
    const std::array<std::uint8_t, 4> words = {0x5F, 0x90, 0x00, 0x01};  // 0x00015F90 = 90 000
    std::copy(words.begin(), words.end(), frame.begin() + 5);
    std::copy(words.begin(), words.end(), frame.begin() + 9);
    std::copy(words.begin(), words.end(), frame.begin() + 13);
    const PzemSample sample = pzem_decode(with_crc(frame), 0x01).sample;
    EXPECT_EQ(sample.current, Measured::good(90'000));
    EXPECT_EQ(sample.power, Measured::good(9'000'000));
    EXPECT_EQ(sample.energy, Measured::good(90'000));
}

TEST(Pzem, AValueOutsideItsRangeIsNoValue) {
    EXPECT_EQ(pzem_decode(changed(3, 0xFF, 0xFF), 1).sample.voltage, Measured::bad(Quality::out_of_range));
    EXPECT_EQ(pzem_decode(changed(3, 0x00, 0x00), 1).sample.voltage, Measured::bad(Quality::out_of_range));
    EXPECT_EQ(pzem_decode(changed(7, 0x00, 0x02), 1).sample.current, Measured::bad(Quality::out_of_range));
    EXPECT_EQ(pzem_decode(changed(17, 0x00, 0x00), 1).sample.frequency, Measured::bad(Quality::out_of_range));
    EXPECT_EQ(pzem_decode(changed(19, 0x00, 0x65), 1).sample.power_factor, Measured::bad(Quality::out_of_range));
    // The others are as good as before.
    EXPECT_EQ(pzem_decode(changed(3, 0xFF, 0xFF), 1).sample.current, Measured::good(1'000));
}

TEST(Pzem, AlarmIsAllOnes) {
    EXPECT_TRUE(pzem_decode(changed(21, 0xFF, 0xFF), 1).sample.over_power);
    EXPECT_FALSE(pzem_decode(changed(21, 0x00, 0x01), 1).sample.over_power);
}

TEST(Pzem, ARefusalIsAFaultWithItsCode) {
    const PzemReply reply = pzem_decode(with_crc({0x01, 0x84, 0x04}), 0x01);
    EXPECT_EQ(reply.error, PzemError::exception);
    EXPECT_EQ(reply.exception, 4);
    EXPECT_EQ(reply.sample.voltage, Measured::bad(Quality::fault));
}

TEST(Pzem, OnlyAnAnswerToTheQuestionCounts) {
    EXPECT_EQ(pzem_decode(manual_reply(), 0x02).error, PzemError::address);
    EXPECT_EQ(pzem_decode(with_crc({0x01, 0x83, 0x02}), 0x01).error, PzemError::function);
    Frame other = manual_reply();
    other.resize(23);
    other[1] = 0x03;
    EXPECT_EQ(pzem_decode(with_crc(other), 0x01).error, PzemError::function);
    other[1] = 0x04;
    other[2] = 0x12;
    EXPECT_EQ(pzem_decode(with_crc(other), 0x01).error, PzemError::function);
}

TEST(Pzem, EveryDamagedBitIsFound) {
    const Frame whole = manual_reply();
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        Frame damaged = whole;
        damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
        const PzemReply reply = pzem_decode(damaged, 0x01);
        EXPECT_EQ(reply.error, PzemError::crc) << "bit " << bit;
        EXPECT_EQ(reply.sample.voltage, Measured::bad(Quality::comm_error));
    }
}

TEST(Pzem, EveryOtherLengthIsRefused) {
    const Frame whole = manual_reply();
    for (std::size_t length = 0; length <= whole.size() + 8; ++length) {
        Frame frame = whole;
        frame.resize(length);
        if (length == pzem_reply_size) continue;
        const PzemError error = pzem_decode(frame, 0x01).error;
        EXPECT_TRUE(error == PzemError::length || error == PzemError::crc) << length;
    }
}

}  // namespace
}  // namespace egiz::sensors
