package import Serving
package import Storage
package import Vocabulary

/// The software of many devices, which is stored packed and so in no view; CheckIn answers.
package protocol SoftwareSource: Sendable {
  /// The packages that devices of the scope have, in the order of their names; a page may be short and have a next one.
  func packages(
    in scope: TenantScope, prefix: String, after: String?, limit: Int, _ transaction: any Transaction
  ) throws -> (items: [CountedSoftware], next: String?)

  /// The devices that have a package; a page may be short, or empty, and have a next one.
  ///
  /// - Throws: `request.query` where both versions are given.
  func devices(
    having question: SoftwareQuestion, in scope: TenantScope, schools: [DistrictID: Set<SchoolID>]?,
    after: (district: DistrictID, device: String)?, limit: Int, _ transaction: any Transaction
  ) throws -> (items: [SoftwareHolder], next: (district: DistrictID, device: String)?)

  /// How many devices' last changes are not counted yet, up to 1,000.
  func uncounted(in scope: TenantScope, _ transaction: any Transaction) throws -> Int
}

/// A package, and how many devices have it.
package struct CountedSoftware: Sendable, Hashable {
  package let name: String
  package let version: String
  package let architecture: String
  package let source: String
  package let devices: Int

  package init(name: String, version: String, architecture: String, source: String, devices: Int) {
    (self.name, self.version, self.architecture) = (name, version, architecture)
    (self.source, self.devices) = (source, devices)
  }
}

/// Which software is asked for.
package struct SoftwareQuestion: Sendable, Hashable {
  package var name: String
  package var version: String?
  /// Only versions older than this one.
  package var below: String?
  /// Only what is made for this one.
  package var architecture: String?
  /// Only from this one, such as `rpm`.
  package var source: String?

  package init(name: String, version: String? = nil, below: String? = nil) {
    (self.name, self.version, self.below) = (name, version, below)
  }
}

/// A device that has it, with the versions that it has.
package struct SoftwareHolder: Sendable, Hashable {
  package let district: DistrictID
  package let device: DeviceID
  package let versions: [String]

  package init(district: DistrictID, device: DeviceID, versions: [String]) {
    (self.district, self.device, self.versions) = (district, device, versions)
  }
}

/// Keeps who looked at students' names; the journal answers.
package protocol ViewJournal: Sendable {
  /// All of them or none, durable when it returns: nothing is shown before.
  func record(_ views: [StudentView]) async throws
}

/// A look at a report that names students, as far as they are one district's: ids, codes and counts.
package struct StudentView: Sendable, Hashable {
  package let report: String
  package let district: DistrictID
  package let actor: PrincipalID
  package let at: Instant
  /// Students whose names were shown or written.
  package let students: Int
  /// `page`, `csv`, `xlsx`, `json`.
  package let format: String
  /// Why, as they or their role say it.
  package let purpose: ViewPurpose
}
