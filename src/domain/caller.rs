//! Who is calling: roles, stores, and what one person may see and do.

/// A role, as the token's `roles` claim names it (RFC 9068 §2.2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Register,
    Cashier,
    Supervisor,
    Manager,
    DistrictManager,
    LossPrevention,
    PolicyAdmin,
    Auditor,
    Admin,
}

impl Role {
    pub const ALL: [Role; 9] = [
        Role::Register,
        Role::Cashier,
        Role::Supervisor,
        Role::Manager,
        Role::DistrictManager,
        Role::LossPrevention,
        Role::PolicyAdmin,
        Role::Auditor,
        Role::Admin,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Register => "register",
            Role::Cashier => "cashier",
            Role::Supervisor => "supervisor",
            Role::Manager => "manager",
            Role::DistrictManager => "district_manager",
            Role::LossPrevention => "loss_prevention",
            Role::PolicyAdmin => "policy_admin",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
        }
    }

    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The rank among approvers: supervisor < manager < district manager; nothing for the others.
    pub fn approver_rank(self) -> Option<u8> {
        match self {
            Role::Supervisor => Some(1),
            Role::Manager => Some(2),
            Role::DistrictManager => Some(3),
            _ => None,
        }
    }
}

/// The stores a caller may see. Everything outside answers as if it did not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stores {
    All,
    Listed(Vec<String>),
}

impl Stores {
    pub fn contain(&self, store: &str) -> bool {
        match self {
            Stores::All => true,
            Stores::Listed(stores) => stores.iter().any(|s| s == store),
        }
    }
}

/// The person or machine behind a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's `iss` and `sub`, as `iss|sub`: idempotency keys and separation of duties hold on
    /// to it.
    pub subject: String,
    /// The employee number: the `sub` of our own tokens, or the mapped claim of another issuer's.
    pub operator: String,
    pub client_id: String,
    pub roles: Vec<Role>,
    pub stores: Stores,
    pub register: Option<String>,
}

impl Caller {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    /// The highest approver rank among the caller's roles, 0 if none.
    pub fn approver_rank(&self) -> u8 {
        self.roles.iter().filter_map(|role| role.approver_rank()).max().unwrap_or(0)
    }
}
