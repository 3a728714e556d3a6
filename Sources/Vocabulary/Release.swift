/// What this repository's programs and packages are the release of.
package enum Release {
  /// The version of every program, after semver.org; `-dev` until it is released. `scripts/deb/` reads this line.
  package static let version = "0.2.0-dev"
}
