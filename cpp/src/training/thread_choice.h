// The choice between one thread and many, by measured time.
//
// Threads that share a minibatch wait for one another several times. On cores that other work keeps
// busy each wait may last a time slice, and many threads are then slower than one, by ten times and
// more. Results do not depend on the number of threads, so training may try both.
#pragma once

namespace skrnn {

class ThreadChoice {
 public:
  // The number of threads for the next minibatch, 1 or `most`.
  int next(int most) {
    many_ = most;
    if (most == 1) return 1;
    const bool looks_again = ++count_ % kEvery == 0;
    bool single = (cost_[0] < cost_[1]) != looks_again;
    if (cost_[0] == 0) single = true;
    if (cost_[1] == 0) single = false;
    arm_ = single ? 0 : 1;
    return single ? 1 : most;
  }

  // Records the time of that minibatch, and its amount of work.
  void record(double seconds, double work) {
    if (many_ == 1 || work <= 0) return;
    double& cost = cost_[arm_];
    const double now = seconds / work;
    // A lower cost is taken at once, a higher one gradually.
    cost = cost == 0 || now < cost ? now : cost + kAdapts * (now - cost);
  }

 private:
  static constexpr int kEvery = 64;  // minibatches between trials of the other choice
  static constexpr double kAdapts = 0.2;

  int many_ = 1;
  int count_ = 0;
  int arm_ = 1;
  double cost_[2] = {0, 0};  // seconds a unit of work, on one thread and on many; 0: not known
};

}  // namespace skrnn
