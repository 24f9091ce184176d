// Sampling in a task of its own: a bus transfer or a missing module costs up to 0.3 s, which the core's loop, with its
// MQTT session, does not have. The core takes the newest snapshot.
#pragma once

#include <atomic>

#include "freertos/semphr.h"
#include "identity_store.hpp"
#include "ports.hpp"
#include "sensors/snapshot.hpp"

namespace egiz::esp {

// What one image measures with; sensor_source.cpp has the one that this image was built for.
class FittedSource {
  public:
    virtual Status start() = 0;
    virtual void sample(std::uint64_t now_ms, Reading& out) = 0;
    virtual void configure(std::uint8_t filter_window) = 0;
    // Between samples, ten times a second; true when a new sample should be taken at once.
    virtual bool poll(std::uint64_t now_ms) = 0;

  protected:
    ~FittedSource() = default;
};

struct FittedKind {
    SensorKind kind;
    std::uint32_t period_ms;
};
FittedKind fitted_kind();
// The one source of this image, set up from the texts of its identity. `kv` keeps a meter's energy.
FittedSource& fitted_source(const FittedParts& parts, KeyValue& kv);

class SensorTask final : public SensorSource {
  public:
    SensorTask(FittedSource& source, Clock& clock);
    Status start();

    SensorKind kind() override { return fitted_kind().kind; }
    void sample(std::uint64_t monotonic_ms, Reading& out) override;
    void configure(std::uint8_t filter_window) override { window_.store(filter_window); }

  private:
    static void run(void* self);
    void step();

    FittedSource& source_;
    Clock& clock_;
    SemaphoreHandle_t mutex_ = nullptr;
    sensors::Snapshot snapshot_;
    Reading scratch_{};
    std::atomic<std::uint8_t> window_{0};  // 0: nothing new
    std::uint64_t next_ms_ = 0;
};

}  // namespace egiz::esp
