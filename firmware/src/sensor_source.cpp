// The sensors this image was built for, chosen by the environment in platformio.ini. Exactly one of them.
#include "sensor_task.hpp"

#include "buses.hpp"
#include "esp_log.h"
#include "pins.hpp"
#include "sensors/board_setup.hpp"

#if defined(EGIZ_SENSOR_ATM90E32)
#include "meter_energy.hpp"
#include "sensors/atm_source.hpp"
#elif defined(EGIZ_SENSOR_PZEM)
#include "sensors/pzem_source.hpp"
#elif defined(EGIZ_SENSOR_THERMAL)
#include "thermal_inputs.hpp"
#elif defined(EGIZ_SENSOR_ENVIRONMENTAL)
#include "sensors/environmental_source.hpp"
#else
#error "no sensor chosen: build one of the environments of platformio.ini"
#endif

namespace egiz::esp {
namespace {

constexpr const char* tag = "sensors";

template <class Setup>
Setup or_default(Result<Setup> parsed, const char* what) {
    if (!parsed) ESP_LOGE(tag, "%s is not understood, the default is used", what);
    return parsed.value();
}

#if defined(EGIZ_SENSOR_PZEM)

class Fitted final : public FittedSource {
  public:
    Fitted(const FittedParts& parts, KeyValue&)
        : source_(uart_, or_default(sensors::pzem_setup(parts.phases.view()), "phases")) {}
    Status start() override { return uart_.start(pins::pzem_tx, pins::pzem_rx, sensors::pzem_baud); }
    void sample(std::uint64_t now_ms, Reading& out) override { source_.sample(now_ms, out); }
    void configure(std::uint8_t window) override { source_.configure(window); }
    bool poll(std::uint64_t) override { return false; }

  private:
    EspUart uart_;
    sensors::PzemSource source_;
};
constexpr FittedKind fitted{SensorKind::electrical, 1'000};

#elif defined(EGIZ_SENSOR_ATM90E32)

class Fitted final : public FittedSource {
  public:
    Fitted(const FittedParts& parts, KeyValue& kv)
        : energy_(kv),
          source_(spi_, 0, pause_,
                  or_default(sensors::meter_calibration(parts.meter_calibration.view(),
                                                        sensors::mains_is_60_hz(parts.mains.view()).value_or(false)),
                             "meter_cal"),
                  energy_.load()) {}
    Status start() override {
        const Status bus = spi_.start();
        // CPOL 1, CPHA 1
        return bus ? spi_.add_device(pins::meter_select, 3, sensors::atm_spi_hz) : bus;
    }
    void sample(std::uint64_t now_ms, Reading& out) override {
        source_.sample(now_ms, out);
        energy_.keep(source_.energy_units(), now_ms);
    }
    void configure(std::uint8_t window) override { source_.configure(window); }
    bool poll(std::uint64_t) override { return false; }

  private:
    EspSpi spi_;
    TaskPause pause_;
    MeterEnergy energy_;
    sensors::AtmSource source_;
};
constexpr FittedKind fitted{SensorKind::electrical, 1'000};

#elif defined(EGIZ_SENSOR_THERMAL)

class Fitted final : public FittedSource {
  public:
    Fitted(const FittedParts& parts, KeyValue&)
        : setup_(or_default(sensors::thermal_setup(parts.zones.view(), parts.setpoint.view(),
                                                   sensors::mains_is_60_hz(parts.mains.view()).value_or(false)),
                            "zones or setpoint")),
          source_(spi_, inputs_, setup_) {}
    Status start() override {
        const Status inputs = inputs_.start();
        if (!inputs) ESP_LOGE(tag, "the setpoint and heating inputs cannot be set up");
        Status bus = spi_.start();
        for (std::size_t zone = 0; bus && zone < setup_.zones; ++zone) {
            const bool thermocouple = setup_.part[zone] == sensors::ZonePart::max31855;
            // MAX31855: mode 0. MAX31865: mode 1 (CPHA 1).
            bus = spi_.add_device(pins::zone_select[zone], thermocouple ? 0 : 1,
                                  thermocouple ? sensors::max31855_spi_hz : sensors::max31865_spi_hz);
        }
        return bus;
    }
    void sample(std::uint64_t now_ms, Reading& out) override { source_.sample(now_ms, out); }
    void configure(std::uint8_t window) override { source_.configure(window); }
    bool poll(std::uint64_t now_ms) override { return source_.poll_inputs(now_ms); }

  private:
    EspSpi spi_;
    EspThermalInputs inputs_;
    sensors::ThermalSetup setup_;
    sensors::ThermalSource source_;
};
constexpr FittedKind fitted{SensorKind::thermal, 1'000};

#else

class Fitted final : public FittedSource {
  public:
    Fitted(const FittedParts&, KeyValue&) : source_(i2c_, pause_) {}
    Status start() override { return i2c_.start(pins::i2c_sda, pins::i2c_scl); }
    void sample(std::uint64_t now_ms, Reading& out) override { source_.sample(now_ms, out); }
    void configure(std::uint8_t window) override { source_.configure(window); }
    bool poll(std::uint64_t) override { return false; }

  private:
    EspI2c i2c_;
    TaskPause pause_;
    sensors::EnvironmentalSource source_;
};
// PRD asks for 0.1 Hz; twice that keeps the part cool and its snapshot young.
constexpr FittedKind fitted{SensorKind::environmental, 5'000};

#endif

}  // namespace

FittedKind fitted_kind() { return fitted; }

FittedSource& fitted_source(const FittedParts& parts, KeyValue& kv) {
    static Fitted source(parts, kv);
    return source;
}

}  // namespace egiz::esp
