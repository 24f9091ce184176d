// At most 64 bytes a message, nothing lost on the way, and damaged bytes are never a reading.
#include "record.hpp"

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "plausible.hpp"

namespace egiz {
namespace {

Record random_record(std::uint32_t& state, SensorKind kind) {
    const auto next = [&state] {
        state = state * 1664525U + 1013904223U;
        return state >> 8;
    };
    const auto measured = [&](std::int32_t minimum, std::uint32_t span) {
        if (next() % 4 == 0) return Measured::bad(static_cast<Quality>(1 + next() % 6));
        return Measured::good(minimum + static_cast<std::int32_t>(next() % span));
    };
    Record r;
    r.seq = next();
    r.boot_id = next();
    r.time_ms = 1'790'000'000'000 + next();
    r.time_valid = next() % 2 == 0;
    r.rssi = static_cast<std::int8_t>(-static_cast<int>(next() % 100));
    r.uptime_s = next();
    r.reading.kind = kind;
    if (kind == SensorKind::electrical) {
        for (auto& v : r.reading.electrical.voltage) v = measured(0, 10'000);
        for (auto& i : r.reading.electrical.current) i = measured(0, 10'000'000);
        r.reading.electrical.power_factor = measured(-1000, 2000);
        r.reading.electrical.active_power = measured(-1'000'000, 2'000'000);
        r.reading.electrical.energy = measured(0, 16'000'000);
        r.reading.electrical.frequency = measured(0, 10'000);
    } else if (kind == SensorKind::thermal) {
        r.reading.thermal.zone_count = static_cast<std::uint8_t>(next() % 9);
        for (auto& z : r.reading.thermal.zone) z = measured(-2000, 20'000);
        r.reading.thermal.setpoint = measured(-2000, 20'000);
        r.reading.thermal.heating = static_cast<Heating>(next() % 3);
    } else {
        r.reading.environmental = {measured(-6000, 16'000), measured(0, 10'000), measured(30'000, 90'000), measured(0, 50'000)};
    }
    return r;
}

TEST(Record, EveryKindSurvivesEncodingUnchanged) {
    std::uint32_t state = 7;
    for (int i = 0; i < 2000; ++i) {
        for (const SensorKind kind : {SensorKind::electrical, SensorKind::thermal, SensorKind::environmental}) {
            const Record before = random_record(state, kind);
            RecordBytes bytes;
            encode(before, bytes);
            const Result<Record> after = decode(bytes);
            ASSERT_TRUE(after.ok());
            ASSERT_TRUE(after.value() == before);
        }
    }
}

TEST(Record, EverySingleBitErrorIsNoticed) {
    std::uint32_t state = 9;
    const Record record = random_record(state, SensorKind::electrical);
    RecordBytes bytes;
    encode(record, bytes);
    for (std::size_t bit = 0; bit < record_size * 8; ++bit) {
        RecordBytes damaged = bytes;
        damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
        EXPECT_FALSE(decode(damaged).ok()) << bit;
    }
}

TEST(Record, ChecksumsAreTheOnesOfTheirNames) {
    const std::string_view check = "123456789";  // the check values of the CRC catalogue
    EXPECT_EQ(crc16(as_bytes(check)), 0x29B1);
    EXPECT_EQ(crc32(as_bytes(check)), 0xCBF43926U);
}

TEST(Record, AnErasedSlotIsNoRecord) {
    RecordBytes bytes;
    bytes.fill(0xFF);
    EXPECT_EQ(decode(bytes).error(), Err::corrupt);
    bytes.fill(0x00);
    EXPECT_EQ(decode(bytes).error(), Err::corrupt);
}

TEST(Record, AValueThatDoesNotFitLosesItsNumber) {
    Record record;
    record.reading.kind = SensorKind::electrical;
    record.reading.electrical.voltage[0] = Measured::good(70'000);
    record.reading.electrical.voltage[1] = Measured::good(-1);
    RecordBytes bytes;
    encode(record, bytes);
    const Result<Record> after = decode(bytes);
    ASSERT_TRUE(after.ok());
    EXPECT_TRUE(after.value().reading.electrical.voltage[0] == Measured::bad(Quality::out_of_range));
    EXPECT_TRUE(after.value().reading.electrical.voltage[1] == Measured::bad(Quality::out_of_range));
}

TEST(Plausible, ValuesOutsideTheSchemasAreMarked) {
    Reading r;
    r.electrical.voltage[0] = Measured::good(10'001);
    r.electrical.power_factor = Measured::good(1001);
    r.electrical.frequency = Measured::good(5000);
    r.thermal.zone[2] = Measured::good(18'001);
    r.thermal.zone_count = 200;
    r.environmental.humidity = Measured::good(10'001);
    r.environmental.co2 = {400, Quality::stale};
    mark_implausible(r);
    EXPECT_EQ(r.electrical.voltage[0].quality, Quality::out_of_range);
    EXPECT_EQ(r.electrical.power_factor.quality, Quality::out_of_range);
    EXPECT_EQ(r.electrical.frequency.quality, Quality::ok);
    EXPECT_EQ(r.thermal.zone[2].quality, Quality::out_of_range);
    EXPECT_EQ(r.thermal.zone_count, max_zones);
    EXPECT_EQ(r.environmental.humidity.raw, 0);
    EXPECT_TRUE(r.environmental.co2 == Measured::bad(Quality::stale));
}

}  // namespace
}  // namespace egiz
