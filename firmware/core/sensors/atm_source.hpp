// An electrical board with an ATM90E32AS.
#pragma once

#include "../ports.hpp"
#include "atm90e32.hpp"
#include "electrical_filter.hpp"
#include "pause.hpp"

namespace egiz::sensors {

class AtmSource final : public SensorSource {
  public:
    // `energy_units`: what energy_units() returned before the last restart.
    AtmSource(SpiBus& spi, std::uint8_t chip_select, Pause& pause, const AtmCalibration& calibration,
              std::uint64_t energy_units);
    SensorKind kind() override { return SensorKind::electrical; }
    void sample(std::uint64_t monotonic_ms, Reading& out) override;
    void configure(std::uint8_t filter_window) override { filter_.set_window(filter_window); }
    // To be stored by the caller now and then; the chip forgets what has been read.
    std::uint64_t energy_units() const { return energy_.units(); }

  private:
    ElectricalSample ask(std::uint64_t now_ms);
    bool set_up();
    bool write(AtmWrite write);
    // A read counts only when the chip repeats the same word as the last it sent.
    bool read(atm::Register reg, std::uint16_t& value);
    bool read_sample(AtmWords& words);

    SpiBus& spi_;
    Pause& pause_;
    AtmCalibration calibration_;
    AtmEnergy energy_;
    Presence presence_;
    ElectricalFilter filter_;
    std::uint8_t chip_select_;
    bool ready_ = false;
};

}  // namespace egiz::sensors
