// An electrical board with one or three PZEM-004T modules on one UART.
#pragma once

#include <array>

#include "../ports.hpp"
#include "electrical_filter.hpp"
#include "three_phase.hpp"

namespace egiz::sensors {

struct PzemSetup {
    std::size_t phases = 3;                                    // 1 or 3
    std::array<std::uint8_t, 3> addresses = {0x01, 0x02, 0x03};  // of phases a, b, c
};

class PzemSource final : public SensorSource {
  public:
    PzemSource(UartBus& uart, const PzemSetup& setup);
    SensorKind kind() override { return SensorKind::electrical; }
    // At most 100 ms for each fitted module.
    void sample(std::uint64_t monotonic_ms, Reading& out) override;
    void configure(std::uint8_t filter_window) override { filter_.set_window(filter_window); }

  private:
    PzemReply ask(std::size_t phase, std::uint64_t now_ms);

    UartBus& uart_;
    PzemSetup setup_;
    std::array<Presence, 3> presence_{};
    ElectricalFilter filter_;
};

}  // namespace egiz::sensors
