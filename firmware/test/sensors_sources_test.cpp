// The boards' sampling, from bytes on the wire to what is published.
#include <gtest/gtest.h>

#include "sensors/atm_source.hpp"
#include "sensors/environmental_source.hpp"
#include "sensors/pzem_source.hpp"
#include "sensors/thermal_source.hpp"
#include "sensors_fake_bus.hpp"

namespace egiz::sensors {
namespace {

constexpr std::array<std::uint8_t, 20> module_220v = {0x08, 0x98, 0x03, 0xE8, 0, 0, 0x08, 0x98, 0, 0,
                                                      0x00, 0x64, 0,    0,    0x01, 0xF4, 0x00, 0x64, 0, 0};

TEST(PzemSource, ThreeModulesAreThreePhases) {
    FakeUart uart;
    for (const std::uint8_t address : std::array<std::uint8_t, 3>{1, 2, 3}) uart.modules[address] = module_220v;
    PzemSource source(uart, {});
    Reading reading;
    source.sample(0, reading);
    EXPECT_EQ(reading.kind, SensorKind::electrical);
    for (const Measured& voltage : reading.electrical.voltage) EXPECT_EQ(voltage, Measured::good(2'200));
    EXPECT_EQ(reading.electrical.active_power, Measured::good(6'600));
    EXPECT_EQ(reading.electrical.energy, Measured::good(30));
    EXPECT_EQ(reading.electrical.power_factor, Measured::good(1'000));
}

TEST(PzemSource, AMissingModuleIsAbsentAndSoonAskedRarely) {
    FakeUart uart;
    uart.modules[1] = uart.modules[3] = module_220v;
    PzemSource source(uart, {});
    Reading reading;
    std::uint64_t now = 0;
    for (; now < 60'000; now += 1'000) source.sample(now, reading);
    EXPECT_EQ(reading.electrical.voltage[1], Measured::bad(Quality::absent));
    EXPECT_EQ(reading.electrical.voltage[2], Measured::good(2'200));
    EXPECT_EQ(reading.electrical.active_power.quality, Quality::absent);
    EXPECT_LT(uart.exchanges, 2U * 60U + 12U);

    uart.modules[2] = module_220v;  // plugged in while running
    for (; now < 100'000; now += 1'000) source.sample(now, reading);
    EXPECT_EQ(reading.electrical.active_power, Measured::good(6'600));

    uart.modules.erase(2);
    source.sample(now, reading);
    EXPECT_EQ(reading.electrical.voltage[1], Measured::bad(Quality::comm_error));
}

TEST(PzemSource, ARefusingModuleIsFaulty) {
    FakeUart uart;
    uart.refusing.insert(1);
    PzemSource source(uart, {.phases = 1, .addresses = {1, 0, 0}});
    Reading reading;
    source.sample(0, reading);
    EXPECT_EQ(reading.electrical.voltage[0], Measured::bad(Quality::fault));
}

AtmCalibration calibrated() {
    AtmCalibration calibration;
    calibration.calibrated = true;
    return calibration;
}

TEST(AtmSource, SetsUpReadsAndCountsEnergyOnce) {
    FakeMeter meter;
    CountedPause pause;
    AtmSource source(meter, 0, pause, calibrated(), 0);
    source.configure(1);
    Reading reading;
    source.sample(0, reading);
    EXPECT_EQ(meter.registers[atm::config_access], 0);
    meter.registers[atm::voltage_a] = 23'000;
    meter.registers[atm::forward_energy_a] = 640;
    source.sample(1'000, reading);
    EXPECT_EQ(reading.electrical.voltage[0], Measured::good(2'300));
    EXPECT_EQ(source.energy_units(), 640U);
    source.sample(2'000, reading);
    EXPECT_EQ(source.energy_units(), 640U);
}

TEST(AtmSource, ANoisyBusGivesNoNumbersAndLosesNoEnergy) {
    FakeMeter meter;
    CountedPause pause;
    AtmSource source(meter, 0, pause, calibrated(), 0);
    Reading reading;
    source.sample(0, reading);
    meter.registers[atm::voltage_a] = 23'000;
    meter.noisy = true;
    source.sample(1'000, reading);
    EXPECT_EQ(reading.electrical.voltage[0], Measured::bad(Quality::comm_error));
    EXPECT_EQ(source.energy_units(), 0U);
}

TEST(AtmSource, ADeadMeterIsAbsentAndAPowerCycledOneIsSetUpAgain) {
    FakeMeter meter;
    CountedPause pause;
    meter.dead = true;
    AtmSource source(meter, 0, pause, calibrated(), 7);
    Reading reading;
    source.sample(0, reading);
    EXPECT_EQ(reading.electrical.voltage[0], Measured::bad(Quality::absent));
    meter.dead = false;
    source.sample(1'000, reading);
    EXPECT_EQ(meter.registers[atm::meter_enable], 1);
    meter.registers.clear();  // brown-out of the meter alone
    source.sample(2'000, reading);
    EXPECT_EQ(reading.electrical.voltage[0], Measured::bad(Quality::comm_error));
    source.sample(3'000, reading);
    EXPECT_EQ(meter.registers[atm::meter_enable], 1);
    EXPECT_EQ(source.energy_units(), 7U);
}

struct FakeInputs final : ThermalInputs {
    std::int32_t millivolts = 1'800;
    bool closed = false;
    bool broken = false;
    Result<std::int32_t> setpoint_millivolts() override {
        if (broken) return Err::io;
        return millivolts;
    }
    bool heating_closed() override { return closed; }
};

ThermalSetup two_zones() {
    ThermalSetup setup;
    setup.zones = 2;
    setup.part = {ZonePart::max31855, ZonePart::max31865};
    setup.setpoint_fitted = setup.heating_fitted = true;
    return setup;
}

TEST(ThermalSource, MixedZonesSetpointAndHeating) {
    FakeZones bus;
    bus.thermocouples[0] = {0x01, 0x90, 0x19, 0x00};  // 25.00 degC with 25.00 degC at the chip
    bus.rtds[1] = {0, 0x40, 0x00, 0xFF, 0xFF, 0, 0, 0};
    FakeInputs inputs;
    ThermalSource source(bus, inputs, two_zones());
    Reading reading;
    source.sample(0, reading);
    EXPECT_EQ(reading.thermal.zone[0], Measured::good(250));
    EXPECT_EQ(reading.thermal.zone[1].quality, Quality::absent) << "not configured yet";
    EXPECT_EQ(reading.thermal.heating, Heating::unknown);
    source.sample(1'000, reading);
    EXPECT_EQ(reading.thermal.zone_count, 2);
    EXPECT_EQ(reading.thermal.zone[1], Measured::good(0));
    EXPECT_EQ(reading.thermal.setpoint, Measured::good(2'000));
    EXPECT_EQ(reading.thermal.heating, Heating::off);
    EXPECT_EQ(reading.thermal.zone[2], Measured::bad(Quality::absent));
}

TEST(ThermalSource, OneBrokenZoneLeavesTheOthers) {
    FakeZones bus;
    bus.thermocouples[0] = {0x01, 0x91, 0x19, 0x01};  // open
    bus.rtds[1] = {0xD1, 0x40, 0x00, 0xFF, 0xFF, 0, 0, 0};
    FakeInputs inputs;
    ThermalSource source(bus, inputs, two_zones());
    Reading reading;
    source.sample(0, reading);
    EXPECT_EQ(reading.thermal.zone[0], Measured::bad(Quality::fault));
    EXPECT_EQ(reading.thermal.zone[1], Measured::good(0));
    bus.broken.insert(1);
    source.sample(1'000, reading);
    EXPECT_EQ(reading.thermal.zone[1], Measured::bad(Quality::comm_error));
}

TEST(ThermalSource, ALatchedRtdFaultIsClearedAndLookedAtAgain) {
    FakeZones bus;
    bus.thermocouples[0] = {0x01, 0x90, 0x19, 0x00};
    bus.rtds[1] = {0xD1, 0x40, 0x00, 0xFF, 0xFF, 0, 0, 0x04};
    FakeInputs inputs;
    ThermalSource source(bus, inputs, two_zones());
    Reading reading;
    source.sample(0, reading);
    EXPECT_EQ(reading.thermal.zone[1], Measured::bad(Quality::fault));
    source.sample(1'000, reading);
    EXPECT_EQ(reading.thermal.zone[1], Measured::good(0));
}

TEST(ThermalSource, ReportsAChangeAtOnce) {
    FakeZones bus;
    FakeInputs inputs;
    ThermalSource source(bus, inputs, two_zones());
    EXPECT_TRUE(source.poll_inputs(0)) << "the first setpoint is a change";
    EXPECT_TRUE(source.poll_inputs(300)) << "so is the first settled heating state";
    EXPECT_FALSE(source.poll_inputs(400));
    inputs.closed = true;
    EXPECT_FALSE(source.poll_inputs(500));
    EXPECT_TRUE(source.poll_inputs(700));
    inputs.millivolts = 1'810;
    EXPECT_TRUE(source.poll_inputs(800));
    inputs.broken = true;
    EXPECT_TRUE(source.poll_inputs(900));
    Reading reading;
    source.sample(1'000, reading);
    EXPECT_EQ(reading.thermal.setpoint, Measured::bad(Quality::comm_error));
}

// The trimming values and raw data of the BMP280 data sheet's worked example, with humidity values of a real part.
void fit_bme280(FakeAir& air) {
    const int words[] = {27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000};
    for (std::size_t i = 0; i < std::size(words); ++i) {
        air.bme[0x88 + 2 * i] = static_cast<std::uint8_t>(words[i] & 0xFF);
        air.bme[0x89 + 2 * i] = static_cast<std::uint8_t>((words[i] >> 8) & 0xFF);
    }
    air.bme[0xA1] = 75;
    const std::uint8_t high[] = {0x72, 0x01, 0x00, 0x13, 0x29, 0x03, 0x1E};
    std::copy(std::begin(high), std::end(high), air.bme.begin() + 0xE1);
    const std::uint8_t data[] = {0x65, 0x5A, 0xC0, 0x7E, 0xED, 0x00, 0x70, 0x00};
    std::copy(std::begin(data), std::end(data), air.bme.begin() + 0xF7);
    air.bme[0xD0] = 0x60;
}

TEST(EnvironmentalSource, WarmsUpThenPublishesAndCompensates) {
    FakeAir air;
    fit_bme280(air);
    air.scd_measuring = true;  // the board restarted, the part did not
    air.scd_frame = {0x01, 0xF4, 0x33, 0x66, 0x67, 0xA2, 0x5E, 0xB9, 0x3C};
    CountedPause pause;
    EnvironmentalSource source(air, pause);
    Reading reading;
    std::uint64_t now = 0;
    for (; now < 20'000; now += 1'000) {
        air.scd_ready = air.scd_measuring && now % 5'000 == 0;
        source.sample(now, reading);
    }
    EXPECT_EQ(reading.environmental.temperature, Measured::good(2'508));
    EXPECT_EQ(reading.environmental.pressure, Measured::good(100'653));
    EXPECT_EQ(reading.environmental.humidity.quality, Quality::ok);
    EXPECT_EQ(reading.environmental.co2, Measured::bad(Quality::uncalibrated));
    EXPECT_EQ(air.scd_pressure, 1'007);
    for (; now < 200'000; now += 1'000) {
        air.scd_ready = now % 5'000 == 0;
        source.sample(now, reading);
    }
    EXPECT_EQ(reading.environmental.co2, Measured::good(500));
    for (std::uint64_t until = now + 16'000; now < until; now += 1'000) source.sample(now, reading);
    EXPECT_EQ(reading.environmental.co2, Measured::bad(Quality::stale)) << "the part answers but measures nothing";
}

TEST(EnvironmentalSource, EitherPartMayBeMissingOrComeBack) {
    FakeAir air;
    air.bme_address = 0x77;
    fit_bme280(air);
    air.scd_present = false;
    CountedPause pause;
    EnvironmentalSource source(air, pause);
    Reading reading;
    std::uint64_t now = 0;
    for (; now < 60'000; now += 1'000) source.sample(now, reading);
    EXPECT_EQ(reading.environmental.temperature, Measured::good(2'508));
    EXPECT_EQ(reading.environmental.co2, Measured::bad(Quality::absent));

    air.bme_address = 0x00;  // unplugged
    source.sample(now, reading);
    EXPECT_EQ(reading.environmental.temperature, Measured::bad(Quality::comm_error));
    air.bme_address = 0x76;  // another one, on the other address
    for (std::uint64_t until = now + 40'000; now < until; now += 1'000) source.sample(now, reading);
    EXPECT_EQ(reading.environmental.temperature, Measured::good(2'508));
}

TEST(EnvironmentalSource, ABmp280IsNoBme280) {
    FakeAir air;
    fit_bme280(air);
    air.bme[0xD0] = 0x58;
    air.scd_present = false;
    CountedPause pause;
    EnvironmentalSource source(air, pause);
    Reading reading;
    source.sample(0, reading);
    EXPECT_EQ(reading.environmental.humidity, Measured::bad(Quality::absent));
    EXPECT_EQ(pause.total, 0U);
}

}  // namespace
}  // namespace egiz::sensors
