// A thermal board: up to eight zones on one SPI bus, the controller's setpoint and the state of the heating.
#pragma once

#include <array>

#include "../ports.hpp"
#include "filter.hpp"
#include "loop_current.hpp"
#include "max31855.hpp"
#include "max31865.hpp"

namespace egiz::sensors {

enum class ZonePart : std::uint8_t { max31855, max31865 };

struct ThermalSetup {
    std::size_t zones = 3;
    std::array<ZonePart, max_zones> part{};
    RtdSetup rtd{};
    LoopScale setpoint{};
    bool setpoint_fitted = false;
    bool heating_fitted = false;
};

// The two inputs beside the bus.
class ThermalInputs {
  public:
    virtual Result<std::int32_t> setpoint_millivolts() = 0;
    virtual bool heating_closed() = 0;

  protected:
    ~ThermalInputs() = default;
};

// Zone n of the payload is the part on chip select n - 1.
class ThermalSource final : public SensorSource {
  public:
    ThermalSource(SpiBus& spi, ThermalInputs& inputs, const ThermalSetup& setup);
    SensorKind kind() override { return SensorKind::thermal; }
    void sample(std::uint64_t monotonic_ms, Reading& out) override;
    void configure(std::uint8_t filter_window) override;

    // To be called ten times a second between samples: the two inputs only. True when one of them has changed and a
    // reading should go out at once (PRD: "on change").
    bool poll_inputs(std::uint64_t monotonic_ms);

  private:
    Measured read_zone(std::size_t zone);
    Measured read_max31855(std::uint8_t chip_select);
    Measured read_max31865(std::uint8_t chip_select);

    SpiBus& spi_;
    ThermalInputs& inputs_;
    ThermalSetup setup_;
    std::array<MedianFilter, max_zones> filter_{};
    std::array<Presence, max_zones> presence_{};
    ChangeFilter setpoint_;
    Contact heating_;
};

}  // namespace egiz::sensors
