// BME280 data sheet 4.2.3 and the worked example of its sister BMP280 (BST-BMP280-DS001, 3.12); SCD4x data sheet 3.5.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "sensors/bme280.hpp"
#include "sensors/scd41.hpp"

namespace egiz::sensors {
namespace {

void put_le16(std::span<std::uint8_t> out, std::size_t at, int value) {
    out[at] = static_cast<std::uint8_t>(value & 0xFF);
    out[at + 1] = static_cast<std::uint8_t>((value >> 8) & 0xFF);
}

// The example's values of temperature and pressure; humidity values of a real part.
std::array<std::uint8_t, bme280_trimming_low_size> example_low() {
    std::array<std::uint8_t, bme280_trimming_low_size> low{};
    const int words[] = {27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000};
    for (std::size_t i = 0; i < std::size(words); ++i) put_le16(low, 2 * i, words[i]);
    low[25] = 75;  // h1
    return low;
}

std::array<std::uint8_t, bme280_trimming_high_size> example_high() {
    std::array<std::uint8_t, bme280_trimming_high_size> high{};
    put_le16(high, 0, 370);  // h2
    high[2] = 0;             // h3
    high[3] = 313 >> 4;      // h4 = 313, h5 = 50
    high[4] = static_cast<std::uint8_t>((313 & 0x0F) | ((50 & 0x0F) << 4));
    high[5] = 50 >> 4;
    high[6] = 30;  // h6
    return high;
}

std::array<std::uint8_t, 8> data(std::int32_t pressure, std::int32_t temperature, std::int32_t humidity) {
    const auto byte = [](std::int32_t v) { return static_cast<std::uint8_t>(v & 0xFF); };
    return {byte(pressure >> 12), byte(pressure >> 4),        byte(pressure << 4), byte(temperature >> 12),
            byte(temperature >> 4), byte(temperature << 4), byte(humidity >> 8), byte(humidity)};
}

TEST(Bme280, TrimmingBlockIsReadFieldByField) {
    const auto trim = bme280_trimming(example_low(), example_high());
    ASSERT_TRUE(trim.has_value());
    EXPECT_EQ(trim->t1, 27504);
    EXPECT_EQ(trim->t3, -1000);
    EXPECT_EQ(trim->p1, 36477);
    EXPECT_EQ(trim->p[0], -10685);
    EXPECT_EQ(trim->p[7], 6000);
    EXPECT_EQ(trim->h1, 75);
    EXPECT_EQ(trim->h2, 370);
    EXPECT_EQ(trim->h4, 313);
    EXPECT_EQ(trim->h5, 50);
    EXPECT_EQ(trim->h6, 30);
}

TEST(Bme280, NegativeTwelveBitTrimmingValues) {
    auto high = example_high();
    high[3] = 0xFF;
    high[4] = 0x2E;  // h4 = FFEh, h5 low nibble 2
    high[5] = 0xF0;
    const auto trim = bme280_trimming(example_low(), high);
    ASSERT_TRUE(trim.has_value());
    EXPECT_EQ(trim->h4, -2);
    EXPECT_EQ(trim->h5, -254);
}

TEST(Bme280, WorkedExampleOfTheDataSheet) {
    const auto trim = bme280_trimming(example_low(), example_high());
    const Bme280Sample sample = bme280_decode(data(415148, 519888, 0x7000), *trim);
    EXPECT_EQ(sample.temperature, Measured::good(25'080));
    EXPECT_EQ(sample.pressure, Measured::good(100'653));  // 100653.27 Pa
}

// The data sheet's floating point form of the humidity formula, as an independent check of the integer one.
double humidity_by_floating_point(double raw, double fine, const Bme280Trimming& t) {
    const double centred = fine - 76800.0;
    double h = (raw - (t.h4 * 64.0 + t.h5 / 16384.0 * centred)) *
               (t.h2 / 65536.0 * (1.0 + t.h6 / 67108864.0 * centred * (1.0 + t.h3 / 67108864.0 * centred)));
    h *= 1.0 - t.h1 * h / 524288.0;
    return h;
}

TEST(Bme280, IntegerHumidityAgreesWithTheFloatingPointForm) {
    const auto trim = bme280_trimming(example_low(), example_high());
    const double fine = 128422.0;  // of the example's temperature
    for (std::int32_t raw = 21'000; raw < 44'000; raw += 250) {
        const double expected = humidity_by_floating_point(raw, fine, *trim);
        if (expected < 0.0 || expected > 100.0) continue;
        const Measured humidity = bme280_decode(data(415148, 519888, raw), *trim).humidity;
        ASSERT_EQ(humidity.quality, Quality::ok) << raw;
        EXPECT_NEAR(humidity.raw / 1000.0, expected, 0.02) << raw;
    }
}

TEST(Bme280, WhatWasNotMeasuredHasNoValue) {
    const auto trim = bme280_trimming(example_low(), example_high());
    EXPECT_EQ(bme280_decode(data(0x80000, 519888, 0x7000), *trim).pressure, Measured::bad(Quality::comm_error));
    EXPECT_EQ(bme280_decode(data(415148, 519888, 0x8000), *trim).humidity, Measured::bad(Quality::comm_error));
    EXPECT_EQ(bme280_decode(data(415148, 0x80000, 0x7000), *trim).humidity, Measured::bad(Quality::comm_error));
    std::array<std::uint8_t, 8> dead{};
    EXPECT_EQ(bme280_decode(dead, *trim).temperature, Measured::bad(Quality::comm_error));
    dead.fill(0xFF);
    EXPECT_EQ(bme280_decode(dead, *trim).temperature, Measured::bad(Quality::comm_error));
    EXPECT_EQ(bme280_decode(std::array<std::uint8_t, 3>{1, 2, 3}, *trim).temperature, Measured::bad(Quality::comm_error));
}

TEST(Bme280, OutOfRangeTemperatureTakesTheOthersWithIt) {
    const auto trim = bme280_trimming(example_low(), example_high());
    const Bme280Sample sample = bme280_decode(data(415148, 900'000, 0x7000), *trim);
    EXPECT_EQ(sample.temperature, Measured::bad(Quality::out_of_range));
    EXPECT_EQ(sample.pressure, Measured::bad(Quality::out_of_range));
}

TEST(Bme280, ABlankTrimmingBlockIsNone) {
    auto low = example_low();
    auto high = example_high();
    low.fill(0x00);
    EXPECT_FALSE(bme280_trimming(low, high).has_value());
    high.fill(0xFF);
    EXPECT_FALSE(bme280_trimming(example_low(), high).has_value());
    EXPECT_FALSE(bme280_trimming(Bytes(low).first(25), example_high()).has_value());
    low = example_low();
    low[6] = low[7] = 0;  // p1 = 0 would divide by zero
    EXPECT_FALSE(bme280_trimming(low, example_high()).has_value());
}

constexpr std::array<std::uint8_t, 9> scd_example = {0x01, 0xF4, 0x33, 0x66, 0x67, 0xA2, 0x5E, 0xB9, 0x3C};

TEST(Scd41, DecodesTheDataSheetsExample) {
    const Scd41Sample sample = scd41_decode(scd_example);
    EXPECT_EQ(sample.co2, Measured::good(500));
    EXPECT_NEAR(sample.temperature.raw, 25'000, 5);
    EXPECT_NEAR(sample.humidity.raw, 37'000, 10);
}

TEST(Scd41, CommandsCarryTheirChecksum) {
    EXPECT_EQ(scd41_command(Scd41Command::read_measurement), (std::array<std::uint8_t, 2>{0xEC, 0x05}));
    // set_ambient_pressure(98 700 Pa): the data sheet's example sends 03DBh and its CRC 42h.
    EXPECT_EQ(scd41_command_with(Scd41Command::ambient_pressure, 987),
              (std::array<std::uint8_t, 5>{0xE0, 0x00, 0x03, 0xDB, 0x42}));
}

TEST(Scd41, OneDamagedBitSpoilsAllThree) {
    for (std::size_t bit = 0; bit < scd_example.size() * 8; ++bit) {
        auto damaged = scd_example;
        damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
        const Scd41Sample sample = scd41_decode(damaged);
        EXPECT_EQ(sample.co2, Measured::bad(Quality::comm_error)) << bit;
        EXPECT_EQ(sample.humidity, Measured::bad(Quality::comm_error)) << bit;
    }
    EXPECT_EQ(scd41_decode(std::span(scd_example).first(8)).co2, Measured::bad(Quality::comm_error));
}

TEST(Scd41, ReadyLooksAtElevenBits) {
    EXPECT_EQ(scd41_data_ready(std::array<std::uint8_t, 3>{0x80, 0x00, 0xA2}), Scd41Ready::no);
    EXPECT_EQ(scd41_data_ready(std::array<std::uint8_t, 3>{0x80, 0x06, 0x04}), Scd41Ready::yes);
    EXPECT_EQ(scd41_data_ready(std::array<std::uint8_t, 3>{0x80, 0x06, 0x05}), Scd41Ready::broken);
    EXPECT_EQ(scd41_data_ready({}), Scd41Ready::broken);
}

}  // namespace
}  // namespace egiz::sensors
